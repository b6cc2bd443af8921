/** A fresh process with one cluster of simulated nodes that is forked and set back again and again: for `benchFork`. */
import { enableCompileCache } from 'node:module'
import type { Pod } from '#api/core/v1/types.gen.ts'

enableCompileCache()

export interface ForkTimes {
  snapshotMs: number
  forkMs: number
  restoreMs: number
}

const [nodeCount, podCount] = process.argv.slice(2).map(Number) as [number, number]
const rounds = 9

const { startCluster } = await import('#cluster/index.ts')
const cluster = await startCluster({ nodes: { count: nodeCount }, clock: 'virtual', seed: 1 })
for (let index = 0; index < podCount; index++) await cluster.client.create(podNamed(`web-${index}`))
await cluster.clock.advance('1m')
const all: ForkTimes[] = []
for (let round = 0; round < rounds; round++) {
  const [snapshotMs, snapshot] = await timed(() => cluster.snapshot())
  const [forkMs, fork] = await timed(() => cluster.fork())
  await fork.stop()
  const [restoreMs] = await timed(() => cluster.restore(snapshot))
  all.push({ snapshotMs, forkMs, restoreMs })
}
await cluster.stop()
process.send!(all satisfies ForkTimes[])
process.disconnect()

function podNamed(name: string): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'main', image: 'web' }] } }
}

async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const began = performance.now()
  const result = await work()
  return [performance.now() - began, result]
}
