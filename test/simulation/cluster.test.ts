/** Whole clusters with simulated nodes on virtual time. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConfigMap, Pod } from '#api/core/v1/types.gen.ts'
import { type Cluster, startCluster } from '#cluster/index.ts'
import { podOf } from './pod-of.ts'

const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', name }) as const

async function reasons(cluster: Cluster, about: Pod): Promise<string[]> {
  return (await cluster.events(about)).map(({ reason, count }) => (count === 1 ? reason! : `${reason} x${count}`))
}

describe('simulated cluster', () => {
  test('nodes are Ready, with their capacity, labels and taints, when it has started', async () => {
    const tainted = { count: 1, namePrefix: 'gpu', labels: { gpu: 'yes' }, taints: [{ key: 'gpu', effect: 'NoSchedule' }] }
    const big = { count: 2, capacity: { cpu: '64', memory: '256Gi', pods: 500 } }
    await using cluster = await startCluster({ nodes: [big, tainted], clock: 'virtual', seed: 1 })
    const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'Node' })
    assert.deepEqual(
      items.map(({ metadata, status }) => `${metadata.name} ${status?.conditions?.find(({ type }) => type === 'Ready')?.status}`),
      ['gpu-0 True', 'node-0 True', 'node-1 True'],
    )
    const { capacity } = items[1]!.status!
    assert.deepEqual([capacity!['cpu'], capacity!['memory'], capacity!['pods']], ['64', '256Gi', '500'])
    assert.equal(items[0]!.metadata.labels?.['gpu'], 'yes')
    await cluster.clock.advance('1s')
    const { spec } = await cluster.client.get(node('gpu-0'))
    assert.deepEqual(spec.taints, [{ key: 'gpu', effect: 'NoSchedule' }])
  })

  test('50 nodes run 500 pods, each with an address of its own', async () => {
    await using cluster = await startCluster({ nodes: { count: 50 }, clock: 'virtual', seed: 1 })
    const pods = Array.from({ length: 500 }, (_, index) => podOf(`web-${index}`, { image: 'web' }))
    await Promise.all(pods.map(pod => cluster.client.create(pod)))
    await cluster.clock.settle()
    const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' })
    assert.equal(items.filter(({ status }) => status?.phase === 'Running').length, 500)
    assert.equal(new Set(items.map(({ status }) => status?.podIP)).size, 500)
    const perNode = Map.groupBy(items, ({ spec }) => spec.nodeName)
    assert.equal(perNode.size, 50)
    for (const [name, own] of perNode) assert.ok(own.length <= 20, `${name} has ${own.length} pods`)
  })

  test('a pod is deleted when its grace period is over', async () => {
    await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual', seed: 1 })
    cluster.images.define('stubborn', { stopMs: Number.POSITIVE_INFINITY })
    const pod = await cluster.client.create(podOf('stubborn'))
    await cluster.until(pod, 'Running')
    const asked = cluster.clock.now()
    await cluster.client.delete(pod)
    await cluster.until(pod, 'Deleted')
    assert.equal(cluster.clock.now() - asked, 30_000)
  })

  test('probes ask the program: not ready, ready, dead, restarted', async () => {
    await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual', seed: 1 })
    let isHealthy = true
    cluster.images.define('web', {
      readyAfterMs: 12_000,
      http: { '/ready': 'ok', '/live': () => (isHealthy ? 'ok' : { status: 500 }) },
    })
    const pod = await cluster.client.create(
      podOf('web', {
        readinessProbe: { httpGet: { port: 80, path: '/ready' }, periodSeconds: 5 },
        livenessProbe: { httpGet: { port: 80, path: '/live' }, initialDelaySeconds: 20, periodSeconds: 10 },
      }),
    )
    const created = cluster.clock.now()
    await cluster.until(pod, 'Ready')
    assert.equal(cluster.clock.now() - created, 15_000)
    isHealthy = false
    await cluster.until(pod, (now = pod) => now.status?.containerStatuses?.[0]?.restartCount === 1)
    assert.ok((await reasons(cluster, pod)).includes('Unhealthy x3'))
    const { message } = (await cluster.events(pod)).find(({ reason, message }) => reason === 'Unhealthy' && message!.startsWith('Live'))!
    assert.equal(message, 'Liveness probe failed: HTTP probe failed with statuscode: 500')
  })

  test('mounted ConfigMaps are files, and follow their object', async () => {
    await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual', seed: 1 })
    const config: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { color: 'red' } }
    await cluster.client.create(config)
    const pod = podOf(
      'reader',
      { image: 'busybox', command: ['sleep', '1d'], volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }] },
      { volumes: [{ name: 'settings', configMap: { name: 'settings' } }] },
    )
    await cluster.client.create(pod)
    await cluster.until(pod, 'Ready')
    const read = async () => (await cluster.client.exec(pod.metadata, ['cat', '/etc/settings/color'])).stdout
    assert.equal(await read(), 'red')
    await cluster.client.patch({ ...config, name: 'settings' }, { type: 'merge', body: { data: { color: 'blue' } } })
    await cluster.clock.advance('2m')
    assert.equal(await read(), 'blue')
  })

  test('exec, logs and the proxy reach the program through the API server', async () => {
    await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual', seed: 1 })
    cluster.images.define('web', { logs: ['one', { text: 'two', stream: 'stderr' }], http: { '/': 'hello' }, exec: { greet: 'hi\n' } })
    const pod = await cluster.client.create(podOf('web'))
    await cluster.until(pod, 'Ready')
    assert.equal(await cluster.client.logs(pod.metadata), 'one\ntwo\n')
    assert.equal(await cluster.client.logs(pod.metadata, { tailLines: 1 }), 'two\n')
    assert.deepEqual(await cluster.client.exec(pod.metadata, ['greet']), { exitCode: 0, stdout: 'hi\n', stderr: '' })
    assert.equal((await cluster.client.exec(pod.metadata, ['sh', '-c', 'exit 3'])).exitCode, 3)
  })

  test('a node that is taken away becomes Unknown', async () => {
    await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual', seed: 1 })
    await cluster.clock.advance('1m')
    await cluster.nodes.remove('node-1')
    const gone = cluster.clock.now()
    const isUnknown = (now: { status?: { conditions?: { type: string; status: string }[] | undefined } | undefined } = {}) =>
      now.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'Unknown'
    await cluster.until(node('node-1'), isUnknown)
    assert.ok(cluster.clock.now() - gone <= 50_000)
    await cluster.until(node('node-0'), 'Ready')
  })

  test('the same seed gives the same objects', async () => {
    const trace = async () => {
      await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual', seed: 7 })
      for (const name of ['a', 'b', 'c']) await cluster.client.create(podOf(name, { image: 'web' }))
      await cluster.clock.advance('2m')
      const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'Pod' })
      return JSON.stringify(items)
    }
    assert.equal(await trace(), await trace())
  })
})
