import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, describeConformance, put, text } from '../conformance.ts'
import type { Storage } from '../storage.ts'
import { MemoryStorage } from './memory-storage.ts'

describeConformance('memory', async use => {
  await using storage = new MemoryStorage()
  await use(storage)
})

describeConformance('a copy in memory', async use => {
  await using storage = new MemoryStorage()
  await using copy = await MemoryStorage.copyOf(storage)
  await use(copy)
})

const valueAt = async (storage: Storage, key: string, revision: number) => {
  const stored = await storage.get(key, { revision })
  return stored && text(stored.value)
}

test('a copy has the history, too; neither sees what is written to the other', async () => {
  await using storage = new MemoryStorage()
  await put(storage, '/a', 'one')
  await put(storage, '/a', 'two', 1)
  await put(storage, '/b', 'b')
  await storage.compact(1)
  await using copy = await MemoryStorage.copyOf(storage)
  assert.deepEqual([copy.revision, copy.compactedRevision], [3, 1])
  await put(storage, '/a', 'three', 2)
  await put(copy, '/a', 'other', 2)
  await copy.commit({ key: '/b', expectedRevision: 3 })
  await put(copy, '/c', 'c')
  assert.deepEqual(await Promise.all([1, 2, 4].map(revision => valueAt(storage, '/a', revision))), ['one', 'two', 'three'])
  assert.deepEqual(await Promise.all([1, 2, 4].map(revision => valueAt(copy, '/a', revision))), ['one', 'two', 'other'])
  const seen: string[] = []
  using _watch = await copy.watch({ prefix: '/', afterRevision: 1 }, events =>
    seen.push(...events.map(({ key, revision }) => `${key}@${revision}`)),
  )
  assert.deepEqual(seen, ['/a@2', '/b@3', '/a@4', '/b@5', '/c@6'])
  assert.deepEqual(
    (await storage.list('/')).values.map(({ key }) => key),
    ['/a', '/b'],
  )
  await copy.compact(6)
  assert.equal(await valueAt(storage, '/a', 1), 'one')
})

test('a copy has what was committed before it was asked for', async () => {
  await using storage = new MemoryStorage()
  const write = storage.commit({ key: '/a', expectedRevision: 0, value: bytes('a') })
  await using copy = await MemoryStorage.copyOf(storage)
  assert.deepEqual([copy.revision, await valueAt(copy, '/a', 1)], [1, 'a'])
  await write
})

test('a key of very many versions: reads in the past, and compaction', async () => {
  await using storage = new MemoryStorage()
  const last = 20_000
  for (let revision = 0; revision < last; revision++) await put(storage, '/a', String(revision + 1), revision)
  assert.equal(await valueAt(storage, '/a', 3), '3')
  await storage.compact(3)
  assert.deepEqual([await valueAt(storage, '/a', 3), await valueAt(storage, '/a', last)], ['3', String(last)])
})
