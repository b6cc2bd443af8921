import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import type { StorageEvent } from '#storage/storage.ts'
import { EncodedStorage } from './encoded-storage.ts'
import { ObjectBytes } from './object-bytes.ts'
import { StoredObject } from './stored-object.ts'

const codec = new ObjectBytes({ group: '', version: 'v1', kind: 'ConfigMap' })

function configMap(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }
}

test('encoded storage: what is written here comes back decoded with its event, and in bytes only to whoever reads it', async () => {
  const inner = new MemoryStorage()
  await using storage = new EncodedStorage(inner)
  const seen: StorageEvent<StoredObject>[] = []
  using _watch = await storage.watch({ prefix: '/', afterRevision: 0 }, events => seen.push(...events))
  const object = configMap('a')
  assert.deepEqual(await storage.commit({ key: '/a', expectedRevision: 0, value: StoredObject.decoded(object, codec) }), {
    committed: true,
    revision: 1,
  })
  assert.equal(seen[0]!.value.object, object)
  const read = (await storage.get('/a'))!.value
  assert.equal(read.object, undefined)
  assert.deepEqual(read.encode(), codec.store(object))
  assert.deepEqual((await inner.get('/a'))!.value, codec.store(object))
  assert.deepEqual(
    (await storage.list('/')).values.map(({ value }) => value.encode()),
    [codec.store(object)],
  )
})

test('encoded storage: a lost race shows what is there, a deletion what was', async () => {
  const inner = new MemoryStorage()
  await using storage = new EncodedStorage(inner)
  const bytes = codec.store(configMap('a'))
  await inner.commit({ key: '/a', expectedRevision: 0, value: bytes })
  const lost = await storage.commit({ key: '/a', expectedRevision: 0, value: StoredObject.decoded(configMap('a'), codec) })
  assert(!lost.committed)
  assert.deepEqual(lost.current?.value.encode(), bytes)
  const seen: StorageEvent<StoredObject>[] = []
  using _watch = await storage.watch({ prefix: '/', afterRevision: 1 }, events => seen.push(...events))
  await storage.commit({ key: '/a', expectedRevision: 1 })
  assert.deepEqual([seen[0]!.type, seen[0]!.value.encode()], ['delete', bytes])
})
