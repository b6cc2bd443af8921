/** A fresh process that starts and stops clusters one after the other: for `benchManyClusters`. */
import { setImmediate as turn } from 'node:timers/promises'
import type * as Library from '#cluster/index.ts'

const [library, rounds, warmUpRounds] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])]

export interface ManyClusters {
  /** Per cluster after the warm-up: start, first list, stop. */
  cpuMs: number
  wallMs: number
  /** Heap that each cluster after the warm-up has left behind. */
  heapBytesLeft: number
  rssBytesLeft: number
  /** Clusters that are still in memory, of all. */
  clustersLeft: number
  /** Sockets, timers and the like that are open, above those before. */
  resourcesLeft: number
  /** Listeners on the process, above those before. */
  listenersLeft: number
}

const { startCluster } = (await import(library)) as typeof Library
const clusters: WeakRef<object>[] = []
const before = { resources: process.getActiveResourcesInfo().length, listeners: listenerCount() }
await startAndStop(warmUpRounds)
await collect()
const memory = process.memoryUsage()
const [cpu, began] = [process.cpuUsage(), performance.now()]
await startAndStop(rounds - warmUpRounds)
const { user, system } = process.cpuUsage(cpu)
const wallMs = performance.now() - began
await collect()
const after = process.memoryUsage()
const each = (total: number) => total / (rounds - warmUpRounds)
process.send!({
  cpuMs: each((user + system) / 1_000),
  wallMs: each(wallMs),
  heapBytesLeft: each(after.heapUsed - memory.heapUsed),
  rssBytesLeft: each(after.rss - memory.rss),
  clustersLeft: clusters.filter(cluster => cluster.deref() !== undefined).length,
  resourcesLeft: process.getActiveResourcesInfo().length - before.resources,
  listenersLeft: listenerCount() - before.listeners,
} satisfies ManyClusters)
process.disconnect()

async function startAndStop(count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    await using cluster = await startCluster()
    await cluster.client.list({ apiVersion: 'v1', kind: 'Namespace' })
    clusters.push(new WeakRef(cluster))
  }
}

async function collect(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await turn()
    globalThis.gc!()
  }
}

function listenerCount(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
}
