/** A fresh process with one cluster of simulated nodes, or with many clusters one after the other: for `benchSimulatedCluster`. */
import { enableCompileCache } from 'node:module'
import type { Pod } from '#api/core/v1/types.gen.ts'
import type { Cluster } from '#cluster/index.ts'

enableCompileCache()

export interface SimulatedClusterTimes {
  nodesReadyMs: number
  podsRunningMs: number
  stopMs: number
  heapBytesPerNode: number
  rssBytes: number
  /** A minute of virtual time with all of them; undefined on the real clock. */
  minuteMs: number | undefined
}

const { startCluster } = await import('#cluster/index.ts')
const [nodeCount, podCount, clock] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4] as 'real' | 'virtual']

const cluster = await startCluster({ clock, seed: 1 })
const heapBefore = heapBytes()
const nodesReadyMs = await timeMs(async () => void (await cluster.addNodes({ count: nodeCount })))
const heapBytesPerNode = (heapBytes() - heapBefore) / nodeCount
const podsRunningMs = await timeMs(() => runPods(cluster, podCount))
const rssBytes = process.memoryUsage.rss()
const minuteMs = clock === 'virtual' ? await timeMs(() => cluster.clock.advance('1m')) : undefined
const stopMs = await timeMs(() => cluster.stop())
process.send!({ nodesReadyMs, podsRunningMs, stopMs, heapBytesPerNode, rssBytes, minuteMs } satisfies SimulatedClusterTimes)
process.disconnect()

/** Creates them and waits until the API shows all of them Running. */
async function runPods({ client, clock: time }: Cluster, count: number): Promise<void> {
  const running = new Set<string>()
  const left = new AbortController()
  const follow = async () => {
    for await (const { object } of client.watch({ apiVersion: 'v1', kind: 'Pod' }, { signal: left.signal }))
      if (object.status?.phase === 'Running') running.add(object.metadata.name)
  }
  const following = follow().catch(error => {
    if (!left.signal.aborted) throw error
  })
  const pods = Array.from({ length: count }, (_, index) => client.create(podNamed(`web-${index}`)))
  await Promise.all(pods)
  await time.runUntil(() => running.size === count)
  left.abort(new Error('all are running'))
  await following
}

function podNamed(name: string): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'main', image: 'web' }] } }
}

async function timeMs(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

function heapBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
