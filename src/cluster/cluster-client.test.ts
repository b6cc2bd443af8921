import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigMap } from '#api/core/v1/types.gen.ts'
import { isNotFound, startCluster, StatusError } from './index.ts'

test("cluster client: objects that come back are the caller's own: changed in place, they are written as changed", async () => {
  await using cluster = await startCluster({ nodes: [], clock: 'virtual' })
  const { client } = cluster
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a' } as const
  const stored = async () => (await cluster.client.get(ref)).data?.['text']
  const changeIn = (object: ConfigMap | undefined, text: string) => {
    object!.data!['text'] = text
    return object!
  }
  const typed = (object: ConfigMap) => ({ ...object, apiVersion: 'v1' as const, kind: 'ConfigMap' as const })
  const created = await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { text: 'created' } })
  changeIn(created, 'changed')
  assert.equal(await stored(), 'created')

  const updated = await client.update(typed(changeIn(await client.get(ref), 'from get')))
  assert.equal(await stored(), 'from get')
  changeIn(updated, 'changed')
  const { items } = await client.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', fieldSelector: 'metadata.name=a' })
  await client.update(typed(changeIn(items[0], 'from list')))
  assert.equal(await stored(), 'from list')
  for await (const { object } of client.watch({ apiVersion: 'v1', kind: 'ConfigMap', fieldSelector: 'metadata.name=a' })) {
    changeIn(object, 'from watch')
    assert.equal(await stored(), 'from list')
    await client.update(typed(object))
    break
  }
  assert.equal(await stored(), 'from watch')
  changeIn(await cluster.until(ref, 'Exists'), 'changed')
  assert.equal(await stored(), 'from watch')
  changeIn(await client.patch(ref, { type: 'merge', body: { data: { other: 'x' } } }), 'changed')
  assert.equal(await stored(), 'from watch')
})

test('cluster client: what is refused to exec is a Status, as it is of all calls; a command is a list of words', async () => {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  const { client } = cluster
  await assert.rejects(client.exec({ name: 'web' }, ['date']), error => isNotFound(error) && /^pods "web" not found$/.test(error.message))
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'main', image: 'web' }] } } as const
  await client.create(pod)
  await cluster.until(pod, 'Ready')
  const isBadRequest = (error: unknown) => error instanceof StatusError && error.code === 400
  await assert.rejects(client.exec({ name: 'web' }, ['date'], { container: 'other' }), isBadRequest)
  await assert.rejects(client.exec({ name: 'web' }, []), /must be a list of words/)
  await assert.rejects(client.exec({ name: 'web' }, 'date' as never), /must be a list of words such as \['sh', '-c', 'date'\], not "date"/)
})

test('cluster client: what is misspelt is refused, and nothing else is done in its place', async () => {
  await using cluster = await startCluster({ clock: 'virtual', controllers: [] })
  const { client } = cluster
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } } as const
  const misspelt = { ...map, dta: { text: 'a' } }
  await assert.rejects(client.create(misspelt), { code: 400, message: /unknown field "dta"/ })
  await client.create(misspelt, { fieldValidation: 'Ignore' })
  const read = await client.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'a' })
  const written = { ...read, apiVersion: 'v1', kind: 'ConfigMap', dta: {} } as const
  await assert.rejects(client.update(written), { code: 400, message: /unknown field "dta"/ })
  await assert.rejects(client.apply(misspelt), { message: /dta/ })
  const patch = { type: 'merge', body: { dta: { text: 'a' } } } as const
  await assert.rejects(client.patch({ apiVersion: 'v1', kind: 'ConfigMap', name: 'a' }, patch), { message: /unknown field "dta"/ })

  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a' } as const
  await assert.rejects(
    client.get({ ...ref, namspace: 'default' }),
    /^TypeError: unknown field "namspace": known are apiVersion, kind, namespace, name, at$/,
  )
  await client.get({ ...ref, ...read.metadata })
  const all = { apiVersion: 'v1', kind: 'ConfigMap' } as const
  await assert.rejects(client.list({ ...all, labelSelctor: 'a=b' } as never), /^TypeError: unknown field "labelSelctor"/)
  await assert.rejects(
    client.list({ ...all, labelSelector: { a: 'b' } } as never),
    /^TypeError: labelSelector must be text such as "app=web"/,
  )
  await assert.rejects(client.deleteCollection({ ...all, labelSelctor: 'a=b' } as never), /^TypeError: unknown field "labelSelctor"/)
  await assert.rejects(client.watch({ ...all, name: 'a' } as never).next(), /^TypeError: unknown field "name"/)
  const noType = { metadata: { labels: { a: 'b' } } }
  await assert.rejects(
    client.patch(ref, noType as never),
    /^TypeError: the type of a patch must be one of json, merge, strategic, apply, not undefined/,
  )
  await assert.rejects(client.exec('web' as never, ['date']), /^TypeError: no Pod is named: want { name: 'web' }, not "web"$/)
  await assert.rejects(client.get({ ...ref, at: new Date(Number.NaN) }), /^RangeError: at is an invalid Date$/)
  await assert.rejects(cluster.restore(undefined as never), /^TypeError: want what cluster\.snapshot\(\) has answered$/)
  await assert.rejects(client.create({ metadata: { name: 'b' } } as never), /^TypeError: apiVersion and kind are missing/)
  await assert.rejects(client.create({ apiVersion: 'v1', kind: 'ConfigMap' } as never), /^TypeError: the ConfigMap has no metadata/)
})
