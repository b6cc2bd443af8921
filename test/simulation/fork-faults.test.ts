/** Clusters that are forked, or set back, while something is to go wrong in them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cluster, type Fault, startCluster } from '#cluster/index.ts'
import { podOf } from './pod-of.ts'
import { firstDifference, traceOf } from './trace.ts'

const always = { times: Number.POSITIVE_INFINITY }
const start = () => startCluster({ nodes: { count: 2 }, clock: 'virtual', seed: 1 })
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } }) as const

async function isThere(cluster: Cluster, name: string): Promise<boolean> {
  const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' })
  return items.some(({ metadata }) => metadata.name === name)
}

async function phaseOf(cluster: Cluster, name: string): Promise<string | undefined> {
  return (await cluster.client.get({ apiVersion: 'v1', kind: 'Pod', name })).status?.phase
}

/** Everything that can be ordered, some of it half done when ten minutes are over. */
function orderAll({ faults, nodes }: Cluster): Fault[] {
  return [
    faults.requests.fail({ resource: 'leases', verb: 'update' }, 500, { nth: 50, times: 40 }),
    faults.requests.disconnect({ resource: 'pods', subresource: 'status' }, { nth: 8, times: 20, when: 'after' }),
    faults.requests.delay({ resource: 'nodes' }, 700, { nth: 2, ...always }),
    faults.requests.serveStale({ verb: 'get', resource: 'pods' }, { nth: 3, times: 10, behind: 5 }),
    faults.requests.serveStale({ verb: 'get', resource: 'nodes' }, { nth: 5, times: 20 }),
    faults.requests.fail({ verb: 'get' }, 503, { nth: 40, times: 5 }),
    faults.watches.drop({ resource: 'pods', type: 'MODIFIED' }, { nth: 30, times: 3 }),
    faults.watches.delay({ resource: 'nodes' }, 400, { nth: 4, ...always }),
    faults.storage.fail({ operation: 'update', keyPrefix: '/registry/pods/' }, { nth: 20, times: 5 }),
    faults.storage.delay({ keyPrefix: '/registry/pods/' }, 300, { nth: 15, times: 100 }),
    faults.restartAPIServerAt({}, { nth: 300 }),
    faults.restartAPIServerAt({ operation: 'create' }, { nth: 40, when: 'before' }),
    faults.failPulls('rare', 'unreachable', { nth: 3, times: 6 }),
    nodes.get('node-0')!.faults.fail('createContainer', new Error('no luck'), { nth: 3, times: 4 }),
    nodes.get('node-1')!.faults.delay('startContainer', 1_500, { nth: 2, ...always }),
  ]
}

test('a fork writes what the original writes while all that was ordered goes wrong in both', async () => {
  await using cluster = await start()
  cluster.images.define('crash', { exitAfterMs: 3_000, exitCode: 1 })
  const ordered = orderAll(cluster)
  const pods = [podOf('crash'), podOf('other', { image: 'crash' }), podOf('rare', { imagePullPolicy: 'Always' }), podOf('web')]
  for (const pod of pods) await cluster.client.create(pod).catch(() => undefined)
  await cluster.clock.advance('4m')

  await using fork = await cluster.fork()
  const before = ordered.map(({ hits }) => hits)
  assert.deepEqual(
    ordered.map((fault, index) => fork.faults.find(fault)?.hits ?? before[index]),
    before,
  )
  const [original, copy] = await Promise.all([traceOf(cluster), traceOf(fork)])
  for (const each of [cluster, fork]) {
    for (let round = 0; round < 15; round++) {
      await each.client.create(configMap(`round-${round}`)).catch(() => undefined)
      await each.clock.advance('1m')
    }
  }
  assert.ok(original.length > 200, `only ${original.length} writes`)
  assert.equal(firstDifference(original, copy), undefined)
  assert.notDeepEqual(
    ordered.map(({ hits }) => hits),
    before,
  )
})

test('what was ordered happens in each of them; taken back in one, it happens in the other', async () => {
  await using cluster = await start()
  const failing = { resource: 'configmaps', verb: 'create' }
  const fault = cluster.faults.requests.fail(failing, 500, { times: 2 })
  await assert.rejects(cluster.client.create(configMap('a')), { code: 500 })
  await using fork = await cluster.fork()
  await using other = await cluster.fork()
  other.faults.find(fault)![Symbol.dispose]()
  await other.client.create(configMap('a'))
  const counted = fork.faults.find(fault)!
  await assert.rejects(fork.client.create(configMap('a')), { code: 500 })
  assert.deepEqual([fault.hits, counted.hits, fork.faults.find(fault)], [1, 2, undefined])
  await assert.rejects(cluster.client.create(configMap('a')), { code: 500 })
  for (const each of [cluster, fork]) await each.client.create(configMap('a'))
})

test('restore: what was ordered since then is forgotten, what had been is there again', async () => {
  await using cluster = await start()
  const early = cluster.faults.requests.fail({ resource: 'configmaps', verb: 'create' }, 500)
  const pulls = cluster.faults.failPulls('web')
  const before = await cluster.snapshot()
  for (let round = 0; round < 2; round++) {
    const late = cluster.faults.requests.fail({ resource: 'configmaps', verb: 'delete' }, 500, always)
    await assert.rejects(cluster.client.create(configMap('a')), { code: 500 })
    await cluster.restore(before)
    assert.deepEqual([cluster.faults.find(late), cluster.faults.find(early)?.hits, cluster.faults.find(pulls)?.hits], [undefined, 0, 0])
  }
})

test('a function of whoever ordered it is called where it was ordered only', async () => {
  await using cluster = await start()
  let calls = 0
  const fault = cluster.faults.storage.interrupt({ keyPrefix: '/registry/configmaps/default/' }, () => calls++, {
    when: 'after',
    ...always,
  })
  await using fork = await cluster.fork()
  assert.equal(fork.faults.find(fault), undefined)
  await fork.client.create(configMap('a'))
  assert.equal(calls, 0)
  await cluster.client.create(configMap('a'))
  assert.equal(calls, 1)
})

test('an API server that dies at a write of the fork is that of the fork', async () => {
  await using cluster = await start()
  cluster.faults.restartAPIServerAt({ keyPrefix: '/registry/configmaps/default/' })
  await using fork = await cluster.fork()
  const { server } = cluster.controlPlane
  await assert.rejects(fork.client.create(configMap('a')), { name: 'ConnectionLostError' })
  await fork.clock.settle()
  assert.deepEqual([await isThere(fork, 'a'), await isThere(cluster, 'a'), cluster.controlPlane.server === server], [true, false, true])
})

test('a fork of a cluster whose API server is down is down, too, until it is started', async () => {
  await using cluster = await start()
  await cluster.client.create(podOf('web'))
  cluster.faults.stopAPIServer()
  const snapshot = await cluster.snapshot()
  await using fork = await cluster.fork()
  await fork.clock.advance('1m')
  await assert.rejects(phaseOf(fork, 'web'), { name: 'ConnectionLostError' })
  await fork.faults.startAPIServer()
  await fork.until(podOf('web'), 'Ready')
  await cluster.faults.startAPIServer()
  await cluster.until(podOf('web'), 'Ready')
  await cluster.restore(snapshot)
  await assert.rejects(phaseOf(cluster, 'web'), { name: 'ConnectionLostError' })
  await cluster.faults.clear()
  await cluster.until(podOf('web'), 'Ready')
})

const behind: { name: string; order: (cluster: Cluster) => unknown }[] = [
  { name: 'watches that broke', order: ({ faults }) => faults.watches.disconnect() },
  { name: 'watches that expired', order: ({ faults }) => faults.watches.expire() },
  { name: 'events that come late', order: ({ faults }) => faults.watches.delay({ resource: 'pods' }, 30_000) },
  {
    name: 'an answer that comes late',
    order: ({ faults }) => faults.requests.delay({ subresource: 'binding' }, 30_000, { when: 'after' }),
  },
  { name: 'a request that comes late', order: ({ faults }) => faults.requests.delay({ subresource: 'binding' }, 30_000) },
  { name: 'statuses that come late', order: ({ faults }) => faults.requests.delay({ subresource: 'status' }, 30_000, { times: 2 }) },
  { name: 'a slow disk', order: ({ faults }) => faults.storage.delay({ keyPrefix: '/registry/pods/', operation: 'update' }, 30_000) },
]
for (const { name, order } of behind) {
  test(`a fork finds out what the original has not been told yet: ${name}`, async () => {
    await using cluster = await start()
    order(cluster)
    await cluster.client.create(podOf('web'))
    await using fork = await cluster.fork()
    for (const each of [fork, cluster]) await each.until(podOf('web'), 'Ready')
  })
}

test('work that a fault holds up is begun again in a copy, and in a copy of that', async () => {
  await using cluster = await start()
  const creates = { program: 'kube-controller-manager', verb: 'create' }
  cluster.faults.requests.delay(creates, 30_000, always)
  await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'later' } })
  await using fork = await cluster.fork()
  await fork.clock.advance('1s')
  await fork.restore(await fork.snapshot())
  for (const each of [fork, cluster]) {
    await each.until({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'later', name: 'default' }, 'Exists')
    await each.until({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'later', name: 'kube-root-ca.crt' }, 'Exists')
  }
})

test('a cluster that is stopped, or set back, does not wait for what a fault holds up', async () => {
  await using cluster = await start()
  const before = await cluster.snapshot()
  for (const end of [() => cluster.restore(before), () => cluster.stop()]) {
    cluster.faults.storage.delay({ keyPrefix: '/registry/pods/', operation: 'update' }, 60_000, always)
    await cluster.client.create(podOf('web'))
    await cluster.clock.advance('1s')
    await end()
  }
})

test('a node that is cut off goes on as in the original, and hears what it has missed when the network is there again', async () => {
  await using cluster = await start()
  cluster.images.define('crash', { exitAfterMs: 20_000, exitCode: 1 })
  const on = { nodeName: 'node-0' }
  for (const pod of [podOf('gone', {}, on), podOf('ending', {}, on), podOf('crash', {}, on)]) await cluster.client.create(pod)
  await cluster.clock.advance('5s')
  cluster.nodes.get('node-0')!.faults.partition()
  await cluster.client.delete(podOf('gone'), { gracePeriodSeconds: 0 })
  await cluster.client.delete(podOf('ending'))
  await cluster.clock.advance('10s')
  await using fork = await cluster.fork()
  const [original, copy] = await Promise.all([traceOf(cluster), traceOf(fork)])
  for (const each of [cluster, fork]) {
    const node = each.nodes.get('node-0')!
    const attempts = async () => {
      const { containers } = await node.runtime.listContainers({}, new AbortController().signal)
      return containers.map(({ labels, metadata }) => `${labels['io.kubernetes.pod.name']} ${metadata?.attempt}`).sort()
    }
    await each.clock.advance('1m')
    assert.deepEqual(await attempts(), ['crash 1', 'crash 2', 'ending 0', 'gone 0'])
    node.faults.heal()
    await each.clock.advance('1m')
    assert.deepEqual(await attempts(), ['crash 2', 'crash 3'])
  }
  assert.equal(firstDifference(original, copy), undefined)
})

test('events that could not be written yet are written in a fork, too', async () => {
  await using cluster = await start()
  cluster.images.define('crash', { exitAfterMs: 20_000, exitCode: 1 })
  await cluster.client.create(podOf('crash', {}, { nodeName: 'node-0' }))
  await cluster.clock.advance('10s')
  cluster.nodes.get('node-0')!.faults.partition()
  await cluster.clock.advance('2m')
  await using fork = await cluster.fork()
  const told: string[][] = []
  for (const each of [cluster, fork]) {
    each.nodes.get('node-0')!.faults.heal()
    await each.clock.advance('1m')
    const events = await each.events({ kind: 'Pod' })
    told.push(events.map(({ metadata, reason, count, lastTimestamp }) => `${metadata.name} ${reason} ${count} ${lastTimestamp}`).sort())
  }
  assert.ok(
    told[0]!.some(text => text.includes(' BackOff ')),
    told[0]!.join('\n'),
  )
  assert.deepEqual(told[1], told[0])
})
