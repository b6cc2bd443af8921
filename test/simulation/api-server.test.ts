/** API servers that die, and storage that is slow or full: nothing that was answered is lost, and everybody comes back. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConfigMap } from '#api/core/v1/types.gen.ts'
import { type Cluster, type ClusterFaults, startCluster } from '#cluster/index.ts'
import { shortPod } from './short-pod.ts'

const always = { times: Number.POSITIVE_INFINITY }
const pods = { apiVersion: 'v1', kind: 'Pod' } as const
const start = () => startCluster({ nodes: { count: 2 }, clock: 'virtual', seed: 1 })

function configMap(name: string): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { name } }
}

async function reaches(cluster: Cluster, names: readonly string[]): Promise<void> {
  await cluster.clock.runUntil(
    async () => {
      const { items } = await cluster.client.list(pods)
      const ready = items.filter(({ status }) => status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
      return items.length === names.length && ready.map(({ metadata }) => metadata.name).join() === [...names].sort().join()
    },
    { timeout: '10m' },
  )
}

test('the API server restarts: same address, same identities; what runs goes on, and all loops come back', async () => {
  await using cluster = await start()
  await cluster.client.create(shortPod('a'))
  await reaches(cluster, ['a'])
  const before = await cluster.client.get({ ...pods, name: 'a' })
  await cluster.faults.restartAPIServer()
  assert.deepEqual(await cluster.client.get({ ...pods, name: 'a' }), before)
  assert.equal((await cluster.client.exec({ name: 'a' }, ['true'])).exitCode, 0)
  await cluster.client.create(shortPod('b'))
  await cluster.client.delete({ ...pods, name: 'a' })
  await reaches(cluster, ['b'])
})

test('the API server is down for two minutes: nobody gets an answer, pods run on; then all is well', async () => {
  await using cluster = await start()
  await cluster.client.create(shortPod('a'))
  await reaches(cluster, ['a'])
  const watched: string[] = []
  const watching = (async () => {
    for await (const { object } of cluster.client.watch(pods)) watched.push(object.metadata.name)
  })()
  const broken = assert.rejects(watching, { name: 'ConnectionLostError' })
  await cluster.clock.settle()
  cluster.faults.stopAPIServer()
  await broken
  await assert.rejects(cluster.client.get({ ...pods, name: 'a' }), { name: 'ConnectionLostError' })
  await assert.rejects(cluster.client.logs({ name: 'a' }), { code: 'ECONNRESET' })
  await cluster.clock.advance('2m')
  await cluster.faults.startAPIServer()
  await cluster.client.create(shortPod('b'))
  await reaches(cluster, ['a', 'b'])
  const { status } = await cluster.client.get({ ...pods, name: 'a' })
  assert.equal(status?.containerStatuses?.[0]?.restartCount, 0)
  assert.deepEqual(watched, ['a'])
})

test('writes that were answered are kept, those that waited are lost', async () => {
  await using cluster = await start()
  await cluster.client.create(configMap('kept'))
  cluster.faults.storage.delay({ keyPrefix: '/registry/configmaps/' }, 5_000, always)
  const lost = assert.rejects(cluster.client.create(configMap('lost')), { name: 'ConnectionLostError' })
  await cluster.clock.advance('1s')
  await cluster.faults.restartAPIServer()
  await cluster.clock.advance('10s')
  await lost
  await cluster.faults.clear()
  const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' })
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name).filter(name => name !== 'kube-root-ca.crt'),
    ['kept'],
  )
})

for (const when of ['before', 'after'] as const) {
  test(`the API server dies right ${when} a write: its client hears nothing, and it is ${when === 'before' ? 'not ' : ''}made`, async () => {
    await using cluster = await start()
    const fault = cluster.faults.restartAPIServerAt({ keyPrefix: '/registry/configmaps/default/' }, { when })
    await assert.rejects(cluster.client.create(configMap('a')), { name: 'ConnectionLostError' })
    await cluster.clock.settle()
    assert.equal(fault.hits, 1)
    const read = cluster.client.get({ ...configMap('a'), name: 'a' })
    if (when === 'before') await assert.rejects(read, /not found/)
    else assert.equal((await read).data?.['name'], 'a')
  })
}

const orders: Record<string, (faults: ClusterFaults) => unknown> = {
  'restarts after every fifth write': faults => {
    for (let nth = 5; nth <= 200; nth += 5) faults.restartAPIServerAt({}, { nth })
  },
  'restarts before every seventh write': faults => {
    for (let nth = 7; nth <= 200; nth += 7) faults.restartAPIServerAt({}, { nth, when: 'before' })
  },
  'restarts after each binding is stored': faults =>
    faults.restartAPIServerAt(
      { where: ({ value }) => value !== undefined && Buffer.from(value.encode()).includes('"nodeName"') },
      { times: 10 },
    ),
  'a disk that takes 2 s for each write': faults => faults.storage.delay({}, 2_000, always),
  'a full disk': faults => faults.storage.fail({}, always),
  'every third write fails': faults => {
    for (let nth = 3; nth <= 300; nth += 3) faults.storage.fail({}, { nth })
  },
}

describe('faults of the API server and its storage', () => {
  for (const [name, order] of Object.entries(orders)) {
    test(name, async () => {
      await using cluster = await start()
      for (const each of ['a', 'b', 'c']) await cluster.client.create(shortPod(each))
      await reaches(cluster, ['a', 'b', 'c'])
      const write = (act: () => Promise<unknown>) => act().catch(() => undefined)
      order(cluster.faults)
      const begun = [write(() => cluster.client.create(shortPod('d'))), write(() => cluster.client.delete({ ...pods, name: 'a' }))]
      await cluster.clock.advance('3m')
      await cluster.faults.clear()
      await Promise.all(begun)
      // Whatever came of these, they are tried again.
      await write(() => cluster.client.create(shortPod('d')))
      await write(() => cluster.client.delete({ ...pods, name: 'a' }))
      await reaches(cluster, ['b', 'c', 'd'])
    })
  }
})

test('a container that runs out of memory, by the name of its pod', async () => {
  await using cluster = await start()
  await cluster.client.create(shortPod('a'))
  await reaches(cluster, ['a'])
  await cluster.faults.oomKill({ name: 'a' })
  await cluster.until(shortPod('a'), pod => pod?.status?.containerStatuses?.[0]?.lastState?.terminated?.reason === 'OOMKilled')
  await reaches(cluster, ['a'])
  await assert.rejects(cluster.faults.oomKill({ name: 'a' }, 'sidecar'), /no such container runs in pod "default\/a"/)
  const two = shortPod('two')
  two.spec.containers.push({ name: 'sidecar', image: 'web' })
  await cluster.client.create(two)
  await reaches(cluster, ['a', 'two'])
  await assert.rejects(cluster.faults.oomKill({ name: 'two' }), /several containers: say which one/)
  await cluster.faults.oomKill({ name: 'two' }, 'sidecar')
  await cluster.until(two, pod => pod?.status?.containerStatuses?.find(({ name }) => name === 'sidecar')?.restartCount === 1)
})

test('pulls that fail: ErrImagePull, ImagePullBackOff, and the pod runs when they work again', async () => {
  await using cluster = await start()
  for (const [error, message] of [
    ['unreachable', /connection refused/],
    ['unauthorized', /pull access denied/],
    ['not found', /not found/],
  ] as const) {
    const pod = shortPod(`p-${error.replace(' ', '-')}`)
    const image = `registry.example/${pod.metadata.name}`
    pod.spec.containers[0]!.image = `${image}:1.0`
    const fault = cluster.faults.failPulls(image, error)
    await cluster.client.create(pod)
    const waits = (reason: string) => cluster.until(pod, each => each?.status?.containerStatuses?.[0]?.state?.waiting?.reason === reason)
    const { status } = await waits('ErrImagePull')
    assert.match(status!.containerStatuses![0]!.state!.waiting!.message!, message)
    await waits('ImagePullBackOff')
    fault[Symbol.dispose]()
    await cluster.until(pod, 'Ready')
    assert.ok(fault.hits > 0)
  }
})
