import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCondition } from '#api/core/v1/pod-conditions.ts'
import { taintText } from '#api/core/v1/taints.ts'
import type { Node, Pod, Toleration } from '#api/core/v1/types.gen.ts'
import { startCluster } from '#cluster/start-cluster.ts'

type Cluster = Awaited<ReturnType<typeof startCluster>>

const secondMs = 1_000
const node = { apiVersion: 'v1', kind: 'Node', name: 'node-0' } as const
const unreachable = ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute']

const pod = (name: string, tolerations?: Toleration[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { nodeName: 'node-0', containers: [{ name: 'c', image: 'nginx' }], ...(tolerations !== undefined && { tolerations }) },
})
const tolerateForever: Toleration[] = [{ operator: 'Exists' }]
const tolerateSeconds = (tolerationSeconds: number): Toleration[] => [
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds },
]

const readNode = async (cluster: Cluster) => (await cluster.client.get(node)) as Node
const readPod = async (cluster: Cluster, name: string) => (await cluster.client.get({ apiVersion: 'v1', kind: 'Pod', name })) as Pod
const readyOf = async (cluster: Cluster) => findCondition((await readNode(cluster)).status?.conditions, 'Ready')
const taintsOf = async (cluster: Cluster) => ((await readNode(cluster)).spec.taints ?? []).map(taintText)
const eventsOf = async (cluster: Cluster, about: Parameters<Cluster['events']>[0], reason: string) =>
  (await cluster.events(about))
    .filter(event => event.reason === reason)
    .map(({ type, message, source }) => `${source?.component} ${type}: ${message}`)

test('a node that stops answering: NotReady after 50 s, its pods marked, and evicted after the 300 s that they tolerate', async () => {
  await using cluster = await startCluster({ clock: 'virtual', nodes: { count: 2 } })
  for (const each of [pod('web'), pod('patient', tolerateForever)]) {
    await cluster.client.create(each)
    await cluster.until(each, 'Ready')
  }
  await cluster.clock.advance('5m')
  assert.equal((await readyOf(cluster))?.status, 'True')
  assert.deepEqual(await taintsOf(cluster), [])

  await cluster.nodes.remove('node-0')
  const silentSinceMs = cluster.clock.now()
  await cluster.until(node, object => findCondition((object as Node).status?.conditions, 'Ready')?.status === 'Unknown')
  const afterMs = cluster.clock.now() - silentSinceMs
  assert.ok(afterMs > 38 * secondMs && afterMs <= 50 * secondMs, `${afterMs} ms after the machine went`)
  await cluster.clock.settle()
  const ready = await readyOf(cluster)
  assert.deepEqual([ready?.reason, ready?.message], ['NodeStatusUnknown', 'Kubelet stopped posting node status.'])
  assert.deepEqual(await taintsOf(cluster), unreachable)
  assert.deepEqual(await eventsOf(cluster, node, 'NodeNotReady'), ['node-controller Normal: Node node-0 status is now: NodeNotReady'])
  for (const name of ['web', 'patient']) {
    const { status, metadata } = await readPod(cluster, name)
    assert.deepEqual([status?.phase, findCondition(status?.conditions, 'Ready')?.status], ['Running', 'False'])
    assert.equal(metadata.deletionTimestamp, undefined)
    assert.deepEqual(await eventsOf(cluster, { kind: 'Pod', name }, 'NodeNotReady'), ['node-controller Warning: Node is not ready'])
  }

  const taintedMs = cluster.clock.now()
  await cluster.clock.advance('299s')
  assert.equal((await readPod(cluster, 'web')).metadata.deletionTimestamp, undefined)
  await cluster.until(pod('web'), object => (object as Pod).metadata.deletionTimestamp !== undefined)
  assert.equal(cluster.clock.now() - taintedMs, 300 * secondMs)
  await cluster.clock.settle()
  const web = await readPod(cluster, 'web')
  const target = findCondition(web.status?.conditions, 'DisruptionTarget')
  assert.deepEqual(
    [target?.status, target?.reason, target?.message],
    ['True', 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint'],
  )
  // Nobody is there to end it: it stays, terminating, as long as its node is silent.
  assert.equal(web.status?.phase, 'Running')
  assert.deepEqual(await eventsOf(cluster, { kind: 'Pod', name: 'web' }, 'TaintManagerEviction'), [
    'taint-eviction-controller Normal: Marking for deletion Pod default/web',
  ])
  await cluster.clock.advance('1h')
  assert.equal((await readPod(cluster, 'patient')).metadata.deletionTimestamp, undefined)
})

test('a write about a silent node that is refused as a conflict is made again', async () => {
  await using cluster = await startCluster({ clock: 'virtual', nodes: { count: 1 } })
  await cluster.client.create(pod('web'))
  await cluster.until(pod('web'), 'Ready')
  const writer = { program: 'kube-controller-manager', verb: 'patch' }
  const ofNode = cluster.faults.requests.fail({ ...writer, resource: 'nodes' }, 409, { times: 3 })
  const ofPod = cluster.faults.requests.fail({ ...writer, resource: 'pods' }, 409, { times: 2 })
  await cluster.nodes.remove('node-0')
  await cluster.clock.advance('60s')
  assert.deepEqual([(await readyOf(cluster))?.status, await taintsOf(cluster)], ['Unknown', unreachable])
  assert.equal(findCondition((await readPod(cluster, 'web')).status?.conditions, 'Ready')?.status, 'False')
  assert.deepEqual([ofNode.hits, ofPod.hits], [3, 2])
})

test('a node that comes back in time: Ready, without taints, and nothing is evicted', async () => {
  await using cluster = await startCluster({ clock: 'virtual', nodes: { count: 1 } })
  await cluster.client.create(pod('web'))
  await cluster.until(pod('web'), 'Ready')
  await cluster.nodes.remove('node-0')
  await cluster.clock.advance('200s')
  assert.deepEqual(await taintsOf(cluster), unreachable)
  await cluster.addNodes({ count: 1 })
  await cluster.clock.settle()
  assert.equal((await readyOf(cluster))?.status, 'True')
  assert.deepEqual(await taintsOf(cluster), [])
  assert.deepEqual(await eventsOf(cluster, { kind: 'Pod', name: 'web' }, 'TaintManagerEviction'), [
    'taint-eviction-controller Normal: Cancelling deletion of Pod default/web',
  ])
  await cluster.clock.advance('10m')
  assert.equal((await readPod(cluster, 'web')).metadata.deletionTimestamp, undefined)
})

test('a node object that nobody ever answers for: Unknown after its minute, never ready', async () => {
  await using cluster = await startCluster({ clock: 'virtual' })
  await cluster.client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-0' }, spec: {} })
  await cluster.clock.advance('59s')
  assert.equal(await readyOf(cluster), undefined)
  assert.deepEqual(await taintsOf(cluster), ['node.kubernetes.io/not-ready:NoSchedule'])
  await cluster.clock.advance('2s')
  const ready = await readyOf(cluster)
  assert.deepEqual(
    [ready?.status, ready?.reason, ready?.message],
    ['Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
  )
  assert.deepEqual(await taintsOf(cluster), unreachable)
})

const byHand: { name: string; tolerations: Toleration[]; goneAfterMs: number | undefined }[] = [
  { name: 'does not tolerate it: at once', tolerations: [], goneAfterMs: 0 },
  {
    name: 'tolerates it for 20 s',
    tolerations: [{ key: 'maintenance', operator: 'Exists', tolerationSeconds: 20, effect: 'NoExecute' }],
    goneAfterMs: 20_000,
  },
  { name: 'tolerates it', tolerations: [{ key: 'maintenance', operator: 'Exists' }], goneAfterMs: undefined },
]
for (const { name, tolerations, goneAfterMs } of byHand) {
  test(`a NoExecute taint by hand on a node that answers; the pod ${name}`, async () => {
    await using cluster = await startCluster({ clock: 'virtual', nodes: { count: 1 } })
    await cluster.client.create(pod('web', tolerations))
    await cluster.until(pod('web'), 'Ready')
    const taints = [{ key: 'maintenance', effect: 'NoExecute' }]
    await cluster.client.patch(node, { type: 'merge', body: { spec: { taints } } })
    const taintedMs = cluster.clock.now()
    if (goneAfterMs === undefined) {
      await cluster.clock.advance('10m')
      assert.equal((await readPod(cluster, 'web')).metadata.deletionTimestamp, undefined)
      return
    }
    await cluster.until(pod('web'), object => object === undefined || (object as Pod).metadata.deletionTimestamp !== undefined)
    assert.equal(cluster.clock.now() - taintedMs, goneAfterMs)
    await cluster.until(pod('web'), 'Deleted')
  })
}

test('a pod whose own toleration is shorter goes sooner', async () => {
  await using cluster = await startCluster({ clock: 'virtual', nodes: { count: 1 } })
  await cluster.client.create(pod('hasty', tolerateSeconds(5)))
  await cluster.until(pod('hasty'), 'Ready')
  await cluster.nodes.remove('node-0')
  await cluster.until(node, object => ((object as Node).spec.taints ?? []).some(({ effect }) => effect === 'NoExecute'))
  const taintedMs = cluster.clock.now()
  await cluster.until(pod('hasty'), object => (object as Pod).metadata.deletionTimestamp !== undefined)
  assert.equal(cluster.clock.now() - taintedMs, 5 * secondMs)
})
