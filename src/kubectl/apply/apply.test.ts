import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConfigMap, Pod } from '#api/core/v1/types.gen.ts'
import { isInvalid } from '#apimachinery/status/status.ts'
import { startCluster } from '#cluster/start-cluster.ts'
import { applyObject } from './apply.ts'

const { signal } = new AbortController()
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

let cluster: Awaited<ReturnType<typeof startCluster>>
before(async () => {
  cluster = await startCluster({ clock: 'virtual' })
})
after(() => cluster.stop())

const configMap = (name: string, data: Record<string, string>, metadata: Partial<ConfigMap['metadata']> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', ...metadata },
  data,
})
const apply = (object: ConfigMap | Pod) => applyObject(cluster.adminClient, object, signal)

test('apply: created, unchanged, configured', async () => {
  const outcomes: string[] = []
  for (const data of [{ a: '1' }, { a: '1' }, { a: '2' }, { a: '2' }]) outcomes.push((await apply(configMap('a', data))).outcome)
  assert.deepEqual(outcomes, ['created', 'unchanged', 'configured', 'unchanged'])
})

test('apply: what others have set stays', async () => {
  await apply(configMap('b', { a: '1' }))
  await cluster.client.patch({ apiVersion: 'v1', kind: 'ConfigMap', name: 'b' }, { type: 'merge', body: { data: { other: 'x' } } })
  const { object } = await apply(configMap('b', { a: '2' }))
  assert.deepEqual((object as ConfigMap).data, { a: '2', other: 'x' })
})

test('apply: kubectl finds what it compares with, once and without itself in it', async () => {
  const given = configMap('c', { a: '1' }, { annotations: { mine: 'yes' } })
  const { object } = await apply(given)
  const metadata = '{"annotations":{"mine":"yes"},"name":"c","namespace":"default"}'
  const noted = `{"apiVersion":"v1","data":{"a":"1"},"kind":"ConfigMap","metadata":${metadata}}\n`
  assert.equal(object.metadata.annotations?.[lastApplied], noted)
  const exported = { ...object, metadata: { ...given.metadata, annotations: object.metadata.annotations } } as ConfigMap
  assert.equal((await apply({ ...given, metadata: exported.metadata })).object.metadata.annotations?.[lastApplied], noted)
})

test('apply: a field that does not exist is refused, when the object is made and later', async () => {
  const wrong = { ...configMap('d', { a: '1' }), date: {} }
  await assert.rejects(apply(wrong), { message: /strict decoding error: unknown field "date"/ })
  await apply(configMap('d', { a: '1' }))
  const name = 'default/d; /v1, Kind=ConfigMap'
  const message = `failed to create typed patch object (${name}): .date: field not declared in schema`
  await assert.rejects(apply(wrong), { message })
})

test('apply: what cannot be changed, or is invalid, is refused in the words of the server', async () => {
  const pod = (image: string, name = 'p'): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'nowhere', containers: [{ name: 'c', image }] },
  })
  await apply(pod('nginx:1'))
  assert.equal((await apply(pod('nginx:2'))).outcome, 'configured')
  await assert.rejects(apply({ ...pod('nginx:2'), spec: { ...pod('nginx:2').spec, nodeName: 'elsewhere' } }), isInvalid)
  await assert.rejects(apply({ ...pod('x', 'q'), spec: { containers: [] } }), isInvalid)
})
