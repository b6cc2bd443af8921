/** What goes wrong with the machines of a cluster, and how the cluster takes it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCondition } from '#api/core/v1/pod-conditions.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { type Cluster, startCluster } from '#cluster/index.ts'

const start = (count: number) => startCluster({ nodes: { count }, clock: 'virtual', seed: 1 })
const pod = (name: string, nodeName?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: {
    containers: [{ name: 'main', image: 'web', readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 10 } }],
    terminationGracePeriodSeconds: 5,
    ...(nodeName !== undefined && { nodeName }),
  },
})
const ref = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', name }) as const
const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', name }) as const
const machine = (cluster: Cluster, name: string) => cluster.nodes.get(name)!

async function conditionOf(cluster: Cluster, name: string, type = 'Ready'): Promise<string | undefined> {
  return findCondition((await cluster.client.get(node(name))).status?.conditions, type)?.status
}

async function taintsOf(cluster: Cluster, name: string): Promise<string[]> {
  return ((await cluster.client.get(node(name))).spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`)
}

/** Phase, readiness, restarts and container ID. */
async function stateOf(cluster: Cluster, name: string) {
  const { status } = await cluster.client.get(ref(name))
  const { restartCount = -1, containerID } = status?.containerStatuses?.[0] ?? {}
  return { phase: status?.phase, ready: findCondition(status?.conditions, 'Ready')?.status, restartCount, containerID }
}

test('a kubelet that restarts takes over what runs: nothing is started again, nobody notices', async () => {
  await using cluster = await start(1)
  await cluster.client.create(pod('web'))
  await cluster.until(pod('web'), 'Ready')
  const before = await stateOf(cluster, 'web')
  await machine(cluster, 'node-0').restartKubelet()
  await cluster.clock.advance('2m')
  assert.deepEqual(await stateOf(cluster, 'web'), before)
  assert.equal(await conditionOf(cluster, 'node-0'), 'True')
  await cluster.client.create(pod('late'))
  await cluster.until(pod('late'), 'Ready')
  await cluster.client.delete(ref('web'))
  await cluster.until(pod('web'), 'Deleted')
})

test('while the kubelet is away containers run, and end unseen; when it is back it tells and does what was ordered meanwhile', async () => {
  await using cluster = await start(1)
  cluster.images.define('short', { exitAfterMs: 10_000 })
  const short = pod('short')
  short.spec.containers[0] = { name: 'main', image: 'short' }
  short.spec.restartPolicy = 'Never'
  for (const each of [pod('web'), pod('doomed'), short]) await cluster.client.create(each)
  for (const name of ['web', 'doomed']) await cluster.until(pod(name), 'Ready')
  await machine(cluster, 'node-0').stopKubelet()
  await cluster.client.delete(ref('doomed'))
  await cluster.clock.advance('30s')
  assert.equal((await stateOf(cluster, 'short')).phase, 'Running')
  await assert.rejects(cluster.client.logs({ name: 'web' }), /ECONNREFUSED/)
  await machine(cluster, 'node-0').startKubelet()
  await cluster.until(pod('doomed'), 'Deleted')
  await cluster.until(short, 'Succeeded')
  assert.equal(await cluster.client.logs({ name: 'web' }), '')
  assert.equal((await stateOf(cluster, 'web')).restartCount, 0)
})

test('a kubelet that starts while its runtime is down waits for it', async () => {
  await using cluster = await start(1)
  const { faults } = machine(cluster, 'node-0')
  await cluster.client.create(pod('web'))
  await cluster.until(pod('web'), 'Ready')
  faults.stopRuntime()
  await machine(cluster, 'node-0').restartKubelet()
  await cluster.clock.advance('2m')
  assert.equal(await conditionOf(cluster, 'node-0'), 'False')
  faults.clear()
  await cluster.until(node('node-0'), 'Ready')
  await cluster.until(pod('web'), 'Ready')
})

test('a machine that is cut off for a minute: NotReady, tainted, its pods run on; healed, all is as before', async () => {
  await using cluster = await start(2)
  await cluster.client.create(pod('web', 'node-0'))
  await cluster.until(pod('web'), 'Ready')
  const before = await stateOf(cluster, 'web')
  const { faults, runtime } = machine(cluster, 'node-0')
  faults.partition()
  await cluster.client.create(pod('late', 'node-0'))
  await cluster.clock.advance('60s')
  assert.deepEqual(
    [await conditionOf(cluster, 'node-0'), await taintsOf(cluster, 'node-0'), (await stateOf(cluster, 'web')).ready],
    ['Unknown', ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'], 'False'],
  )
  await assert.rejects(cluster.client.exec({ name: 'web' }, ['true']), /EHOSTUNREACH/)
  const { containers } = await runtime.listContainers({}, new AbortController().signal)
  assert.equal(containers.length, 1, 'what was created meanwhile is not known there')
  faults.heal()
  await cluster.clock.advance('15s')
  assert.deepEqual([await conditionOf(cluster, 'node-0'), await taintsOf(cluster, 'node-0')], ['True', []])
  assert.deepEqual(await stateOf(cluster, 'web'), before)
  await cluster.until(pod('late'), 'Ready')
  assert.equal((await cluster.client.exec({ name: 'web' }, ['true'])).exitCode, 0)
})

test('a machine that is cut off starts its containers again: it goes by what it has read', async () => {
  await using cluster = await start(1)
  cluster.images.define('crash', { exitAfterMs: 30_000, exitCode: 1 })
  const crash = pod('crash')
  const color = { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'light', key: 'color' } } }
  crash.spec.containers = [{ name: 'main', image: 'crash', env: [color] }]
  const light = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'light', namespace: 'default' }, data: { color: 'green' } }
  await cluster.client.create(light)
  await cluster.client.create(crash)
  await cluster.until(crash, 'Running')
  machine(cluster, 'node-0').faults.partition()
  await cluster.clock.advance('3m')
  const { containers } = await machine(cluster, 'node-0').runtime.listContainers({}, new AbortController().signal)
  const attempts = containers.map(({ metadata }) => metadata?.attempt ?? 0)
  assert.deepEqual(new Set(attempts), new Set([2, 3]))
})

test('a machine that is cut off for long: its pods are evicted, and stopped when it hears of it', async () => {
  await using cluster = await start(2)
  await cluster.client.create(pod('web', 'node-0'))
  await cluster.until(pod('web'), 'Ready')
  const { faults, runtime } = machine(cluster, 'node-0')
  const running = async () =>
    (await runtime.listContainers({ filter: { state: { state: 1 } } as never }, new AbortController().signal)).containers
  faults.partition()
  await cluster.clock.advance('6m')
  assert.notEqual((await cluster.client.get(ref('web'))).metadata.deletionTimestamp, undefined)
  assert.equal((await running()).length, 1)
  faults.heal()
  await cluster.until(pod('web'), 'Deleted')
  assert.equal((await running()).length, 0)
  await cluster.until(node('node-0'), 'Ready')
})

test('a machine without power: NotReady, its kubelet too; with power again its pods are started anew', async () => {
  await using cluster = await start(2)
  await cluster.client.create(pod('web', 'node-0'))
  await cluster.until(pod('web'), 'Ready')
  const { faults } = machine(cluster, 'node-0')
  faults.stopNode()
  await cluster.clock.advance('60s')
  assert.deepEqual([await conditionOf(cluster, 'node-0'), (await stateOf(cluster, 'web')).ready], ['Unknown', 'False'])
  faults.startNode()
  await cluster.until(node('node-0'), 'Ready')
  await cluster.until(pod('web'), 'Ready')
  await cluster.clock.settle()
  assert.deepEqual(await taintsOf(cluster, 'node-0'), [])
  assert.equal((await stateOf(cluster, 'web')).restartCount, 1)
})

test('a full disk: DiskPressure and its taint, nothing new starts; with room again it does', async () => {
  await using cluster = await start(1)
  await cluster.client.create(pod('old', 'node-0'))
  await cluster.until(pod('old'), 'Ready')
  const { faults } = machine(cluster, 'node-0')
  faults.setDiskFull(true)
  await cluster.client.create(pod('new', 'node-0'))
  await cluster.clock.advance('30s')
  assert.equal(await conditionOf(cluster, 'node-0', 'DiskPressure'), 'True')
  assert.deepEqual(await taintsOf(cluster, 'node-0'), ['node.kubernetes.io/disk-pressure:NoSchedule'])
  assert.deepEqual([(await stateOf(cluster, 'old')).ready, (await stateOf(cluster, 'new')).phase], ['True', 'Pending'])
  faults.clear()
  await cluster.until(pod('new'), 'Ready')
  await cluster.clock.advance('15s')
  assert.deepEqual([await conditionOf(cluster, 'node-0', 'DiskPressure'), await taintsOf(cluster, 'node-0')], ['False', []])
})

test('a slow disk: pods start later, and nothing else is slow', async () => {
  await using cluster = await start(1)
  const { faults } = machine(cluster, 'node-0')
  faults.slowDisk(3_000)
  const sinceMs = cluster.clock.now()
  await cluster.client.create(pod('slow'))
  await cluster.until(pod('slow'), 'Ready')
  // The sandbox and the pull side by side, then the container is created, then started; then its probe.
  const tookMs = cluster.clock.now() - sinceMs
  assert.ok(tookMs >= 9_000 && tookMs < 30_000, `${tookMs} ms`)
  faults.clear()
  const nextMs = cluster.clock.now()
  await cluster.client.create(pod('fast'))
  await cluster.until(pod('fast'), 'Running')
  assert.ok(cluster.clock.now() - nextMs < 1_000)
})
