import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCondition } from '#api/core/v1/pod-conditions.ts'
import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { isNotFound } from '#apimachinery/status/status.ts'
import { VirtualClock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import { silentLogger } from '#base/log.ts'
import { SeededRandom } from '#base/random.ts'
import { until } from '#base/testing/until.ts'
import { InformerFactory } from '#client/informer-factory.ts'
import { startCluster } from '#cluster/start-cluster.ts'
import { nodeQuarantineMs, PodGCController } from './podgc-controller.ts'

type Cluster = Awaited<ReturnType<typeof startCluster>>

const pod = (name: string, spec: Partial<Pod['spec']> = {}, metadata: Partial<Pod['metadata']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...metadata },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
})

const readPod = (cluster: Cluster, name: string): Promise<Pod | undefined> =>
  (cluster.client.get({ apiVersion: 'v1', kind: 'Pod', name }) as Promise<Pod>).catch(error => {
    if (isNotFound(error)) return undefined
    throw error
  })

test('pod GC: the node is deleted → its pods fail and go after the quarantine, not before', async () => {
  await using cluster = await startCluster({ clock: 'virtual', nodes: { count: 1 } })
  // Held, so that its last state can be read.
  await cluster.client.create(pod('web', {}, { finalizers: ['example.com/hold'] }))
  await cluster.until(pod('web'), 'Ready')
  await cluster.nodes.remove('node-0')
  await cluster.client.delete({ apiVersion: 'v1', kind: 'Node', name: 'node-0' })
  await cluster.clock.advance(nodeQuarantineMs - 1)
  assert.equal((await readPod(cluster, 'web'))?.status?.phase, 'Running')
  await cluster.clock.advance(1)
  const web = await readPod(cluster, 'web')
  const target = findCondition(web?.status?.conditions, 'DisruptionTarget')
  assert.deepEqual(
    [web?.status?.phase, target?.status, target?.reason, target?.message],
    ['Failed', 'True', 'DeletionByPodGC', 'PodGC: node no longer exists'],
  )
  assert.notEqual(web?.metadata.deletionTimestamp, undefined)
})

test('pod GC: the node is back within the quarantine → its pods stay', async () => {
  await using cluster = await startCluster({ clock: 'virtual', nodes: { count: 1 } })
  await cluster.client.create(pod('web'))
  await cluster.until(pod('web'), 'Ready')
  const node = { apiVersion: 'v1', kind: 'Node', name: 'node-0' } as const
  await cluster.nodes.remove('node-0')
  await cluster.client.delete(node)
  await cluster.clock.advance(nodeQuarantineMs / 2)
  await cluster.addNodes({ count: 1 })
  await cluster.clock.advance(nodeQuarantineMs * 2)
  assert.equal((await readPod(cluster, 'web'))?.metadata.deletionTimestamp, undefined)
})

test('pod GC: a pod given by hand to a node that never comes', async () => {
  await using cluster = await startCluster({ clock: 'virtual' })
  await cluster.client.create(pod('lost', { nodeName: 'nowhere' }))
  await cluster.clock.advance(nodeQuarantineMs - 1)
  assert.notEqual(await readPod(cluster, 'lost'), undefined)
  await cluster.clock.advance(1)
  assert.equal(await readPod(cluster, 'lost'), undefined)
})

test('pod GC: a terminating pod that never had a node goes when nothing holds it, as failed', async () => {
  await using cluster = await startCluster({ clock: 'virtual' })
  await cluster.client.create(pod('waiting', {}, { finalizers: ['example.com/hold'] }))
  await cluster.client.delete({ apiVersion: 'v1', kind: 'Pod', name: 'waiting' })
  await cluster.clock.settle()
  assert.equal((await readPod(cluster, 'waiting'))?.status?.phase, 'Failed')
})

test('pod GC: a terminating pod on a node out of service is ended by force', async () => {
  await using cluster = await startCluster({ clock: 'virtual', nodes: { count: 1 } })
  await cluster.client.create(pod('web'))
  await cluster.until(pod('web'), 'Ready')
  await cluster.nodes.remove('node-0')
  await cluster.clock.advance('2m')
  await cluster.client.delete({ apiVersion: 'v1', kind: 'Pod', name: 'web' })
  await cluster.clock.advance('2m')
  assert.notEqual(await readPod(cluster, 'web'), undefined)
  const node = { apiVersion: 'v1', kind: 'Node', name: 'node-0' } as const
  const taint = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }
  const { spec } = (await cluster.client.get(node)) as Node
  await cluster.client.patch(node, { type: 'merge', body: { spec: { taints: [...(spec.taints ?? []), taint] } } })
  await cluster.until(pod('web'), 'Deleted')
})

test('pod GC: finished pods beyond the limit go, the oldest first, also those of before the start', async () => {
  const clock = new VirtualClock()
  await using cluster = await startCluster({ clock })
  const { adminClient: client } = cluster
  const { signal } = new AbortController()
  const finish = async (name: string) => {
    await client.create(pod(name), signal)
    const status = { phase: 'Succeeded' }
    await client.patch({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name }, { type: 'merge', body: { status } }, signal, {
      subresource: 'status',
    })
    await clock.advance(1_000)
  }
  for (const name of ['a', 'b', 'c', 'd', 'e']) await finish(name)
  await using group = new Group(signal)
  const random = new SeededRandom(1)
  const informers = new InformerFactory({ client, clock, random, log: silentLogger })
  const controller = new PodGCController({ client, informers, clock, random, log: silentLogger }, { terminatedPodsMax: 3 })
  group.spawn(inner => controller.run(inner))
  group.spawn(inner => informers.run(inner))
  const names = async () => (await client.list({ apiVersion: 'v1', kind: 'Pod' }, signal)).items.map(({ metadata }) => metadata.name)
  await until(clock, async () => (await names()).length <= 3)
  assert.deepEqual(await names(), ['c', 'd', 'e'])
  await finish('f')
  await until(clock, async () => (await names()).length <= 3)
  assert.deepEqual(await names(), ['d', 'e', 'f'])
})
