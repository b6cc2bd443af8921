import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigMap, Namespace, Pod } from '#api/core/v1/types.gen.ts'
import { isForbidden, isNotFound } from '#apimachinery/status/status.ts'
import { startCluster } from '#cluster/start-cluster.ts'

type Cluster = Awaited<ReturnType<typeof startCluster>>

const team = { apiVersion: 'v1', kind: 'Namespace', name: 'team' } as const
const inTeam = (name: string, finalizers: string[] = []): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'team', finalizers },
})
const web: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'team' },
  spec: { terminationGracePeriodSeconds: 60, containers: [{ name: 'web', image: 'nginx' }] },
}

async function start(options: Parameters<typeof startCluster>[0] = {}): Promise<Cluster> {
  const cluster = await startCluster({ clock: 'virtual', ...options })
  await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } })
  await cluster.clock.settle()
  return cluster
}

const exists = (cluster: Cluster, ref: { apiVersion: string; kind: string; name: string; namespace?: string }): Promise<boolean> =>
  cluster.client.get(ref).then(
    () => true,
    error => {
      if (isNotFound(error)) return false
      throw error
    },
  )

test('namespace: deleted with all that is in it, at once when nothing takes its time', async () => {
  await using cluster = await start()
  for (const name of ['a', 'b']) await cluster.client.create(inTeam(name))
  await cluster.client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'team' } })
  const startedMs = cluster.clock.now()
  await cluster.client.delete(team)
  await cluster.until(team, 'Deleted')
  assert.equal(cluster.clock.now(), startedMs)
  const left = await Promise.all(
    ['ConfigMap', 'Secret', 'ServiceAccount'].map(kind => cluster.client.list({ apiVersion: 'v1', kind, namespace: 'team' })),
  )
  assert.deepEqual(
    left.flatMap(({ items }) => items),
    [],
  )
})

test('namespace: pods end first, what they use stays until then; no new objects meanwhile; other namespaces are left alone', async () => {
  await using cluster = await start({ nodes: { count: 1 } })
  await cluster.client.create(inTeam('settings'))
  await cluster.client.create({ ...inTeam('elsewhere'), metadata: { name: 'elsewhere', namespace: 'default' } })
  await cluster.client.create({ ...web, metadata: { ...web.metadata, finalizers: ['example.com/hold'] } })
  await cluster.until(web, 'Ready')
  await cluster.client.delete(team)
  await cluster.clock.advance('2m')
  assert.equal(await exists(cluster, { apiVersion: 'v1', kind: 'ConfigMap', name: 'settings', namespace: 'team' }), true)
  const namespace = (await cluster.client.get(team)) as Namespace
  assert.equal(namespace.status?.phase, 'Terminating')
  assert.deepEqual(
    namespace.status?.conditions?.filter(({ status }) => status === 'True').map(({ type, message }) => `${type}: ${message}`),
    [
      'NamespaceContentRemaining: Some resources are remaining: pods. has 1 resource instances',
      'NamespaceFinalizersRemaining: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    ],
  )
  await assert.rejects(cluster.client.create(inTeam('late')), isForbidden)
  await cluster.client.patch(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'team', name: 'web' },
    { type: 'merge', body: { metadata: { finalizers: null } } },
  )
  const releasedMs = cluster.clock.now()
  await cluster.until(team, 'Deleted')
  // The pod's going wakes the controller: no time passes.
  assert.equal(cluster.clock.now(), releasedMs)
  assert.equal(await exists(cluster, { apiVersion: 'v1', kind: 'ConfigMap', name: 'elsewhere', namespace: 'default' }), true)
})

test('namespace: held by the finalizer of somebody else until that one is done', async () => {
  await using cluster = await start()
  await cluster.client.create(inTeam('held', ['example.com/hold']))
  await cluster.client.create(inTeam('free'))
  await cluster.client.delete(team)
  await cluster.clock.advance('1m')
  const conditions = ((await cluster.client.get(team)) as Namespace).status?.conditions ?? []
  const message = (type: string) => conditions.find(condition => condition.type === type)?.message
  assert.equal(message('NamespaceContentRemaining'), 'Some resources are remaining: configmaps. has 1 resource instances')
  assert.equal(
    message('NamespaceFinalizersRemaining'),
    'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  )
  const held = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team', name: 'held' } as const
  await cluster.client.patch(held, { type: 'merge', body: { metadata: { finalizers: null } } })
  await cluster.until(team, 'Deleted', { timeout: '10s' })
})

test('namespace: one with a finalizer of its own is emptied, and goes when that one is done', async () => {
  await using cluster = await start()
  await cluster.client.create(inTeam('a'))
  await cluster.client.patch(team, { type: 'merge', body: { metadata: { finalizers: ['example.com/hold'] } } })
  await cluster.client.delete(team)
  await cluster.clock.settle()
  assert.equal(await exists(cluster, { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'team' }), false)
  assert.deepEqual(((await cluster.client.get(team)) as Namespace).spec.finalizers ?? [], [])
  await cluster.client.patch(team, { type: 'merge', body: { metadata: { finalizers: null } } })
  await cluster.until(team, 'Deleted')
})

test('namespace: made again under its name at once, it keeps what it gets', async () => {
  await using cluster = await start()
  for (let round = 0; round < 5; round++) {
    await cluster.client.create(inTeam('mine'))
    await cluster.client.delete(team)
    await cluster.until(team, 'Deleted')
    await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } })
    await cluster.client.create(inTeam('kept'))
    await cluster.clock.advance('1m')
    assert.equal(await exists(cluster, { apiVersion: 'v1', kind: 'ConfigMap', name: 'kept', namespace: 'team' }), true)
    await cluster.client.delete(inTeam('kept'))
  }
})
