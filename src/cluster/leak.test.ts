import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Cluster } from './cluster.ts'
import { startCluster } from './start-cluster.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const rounds = 5

test('clusters that were stopped leave nothing: no object, handle, timer or listener', async () => {
  const before = held()
  const clusters: WeakRef<object>[] = []
  for (let round = 0; round < rounds; round++) clusters.push(await startAndStop())
  await collect()
  // A reference to the last one may still lie on the stack.
  assert(clusters.filter(cluster => cluster.deref() !== undefined).length <= 1, 'clusters that were stopped are collected')
  const after = held()
  for (const [kind, count] of after) assert(count <= (before.get(kind) ?? 0), `${kind}: ${count}, before ${before.get(kind) ?? 0}`)
})

test('a cluster that was stopped has given its sockets back: nobody has to wait for a turn of the event loop', async () => {
  const listening = () => held().get('TCPServerWrap') ?? 0
  const before = listening()
  for (let round = 0; round < rounds; round++) {
    const cluster = await startCluster()
    await cluster.stop()
  }
  assert(listening() <= before, `${listening()} listening sockets, before ${before}`)
})

test('a fork that goes on with what was ordered does not hold the cluster that it came from', async () => {
  const parents: WeakRef<object>[] = []
  const forks: Cluster[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      const { parent, fork } = await forkAndStop()
      parents.push(parent)
      forks.push(fork)
    }
    await collect()
    assert(parents.filter(parent => parent.deref() !== undefined).length <= 1, 'clusters that were forked and stopped are collected')
  } finally {
    for (const fork of forks) await fork.stop()
  }
})

/** Outside of functions that know a cluster, since it would know that, too. */
const where = () => false

async function forkAndStop(): Promise<{ parent: WeakRef<object>; fork: Cluster }> {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  const { faults, nodes } = cluster
  faults.requests.fail({ where }, 500)
  faults.requests.delay({ where }, 1)
  faults.requests.serveStale({ where })
  faults.watches.drop({ where })
  faults.storage.fail({ where })
  faults.storage.interrupt({ where }, () => void cluster.stop(), { when: 'after' })
  faults.restartAPIServerAt({ where })
  faults.failPulls('web')
  nodes.get('node-0')!.faults.delay('createContainer', 1)
  const fork = await cluster.fork()
  // All that runs of a cluster holds this one.
  return { parent: new WeakRef(cluster.controlPlane), fork }
}

async function startAndStop(): Promise<WeakRef<object>> {
  await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual' })
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'main', image: 'web' }] } }
  await cluster.client.create(pod)
  await cluster.until(pod, 'Running')
  return new WeakRef(cluster)
}

/** What keeps a process busy, and who listens to it, by kind. */
function held(): Map<string, number> {
  const kinds = Object.groupBy(process.getActiveResourcesInfo(), kind => kind)
  const handles = Object.entries(kinds).map(([kind, all = []]) => [kind, all.length] as const)
  const listeners = process.eventNames().map(name => [`listeners of "${String(name)}"`, process.listenerCount(name)] as const)
  return new Map([...handles, ...listeners])
}

async function collect(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await turn()
    collectGarbage()
  }
}
