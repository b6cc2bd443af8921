/** A fresh process with one cluster of simulated nodes: for `benchSimulatedCluster`. */
import { enableCompileCache } from 'node:module'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { VirtualClock } from '#base/clock.ts'
import type { Cluster } from '#cluster/index.ts'

enableCompileCache()

export interface SimulatedClusterTimes {
  nodesReadyMs: number
  podsRunningMs: number
  stopMs: number
  heapBytesPerNode: number
  /** Without pods; NaN on the real clock. */
  timersPerNode: number
  /** When the pods were running. */
  rssBytes: number
  /** The virtual hours after that. */
  hoursMs: number
  /** CPU of the same. */
  hoursCPUMs: number
  /** Readiness and liveness probes of one pod in that time. */
  probesPerPod: number
}

const [nodeCount, podCount, probedCount, hours] = process.argv.slice(2).map(Number) as [number, number, number, number]
/** Creates under way at a time. */
const writers = 64

const { startCluster } = await import('#cluster/index.ts')
// Without hours to pass, time is the machine's: leases are renewed meanwhile, as they must be.
const virtual = hours > 0 ? new VirtualClock() : undefined
const cluster = await startCluster({ clock: virtual ?? 'real', seed: 1 })
let probes = 0
cluster.images.define('web', {
  http: {
    '/healthz': () => {
      probes++
      return 'ok'
    },
  },
})
const [heapBefore, timersBefore] = [heapBytes(), virtual?.waiting ?? Number.NaN]
const nodesReadyMs = await timeMs(async () => void (await cluster.addNodes({ count: nodeCount })))
const heapBytesPerNode = (heapBytes() - heapBefore) / nodeCount
const timersPerNode = ((virtual?.waiting ?? Number.NaN) - timersBefore) / nodeCount
const podsRunningMs = await timeMs(() => runPods(cluster))
const rssBytes = process.memoryUsage.rss()
probes = 0
const cpu = process.cpuUsage()
const hoursMs = hours > 0 ? await timeMs(() => cluster.clock.advance(`${hours}h`)) : 0
const { user, system } = process.cpuUsage(cpu)
const stopMs = await timeMs(() => cluster.stop())
process.send!({
  nodesReadyMs,
  podsRunningMs,
  stopMs,
  heapBytesPerNode,
  timersPerNode,
  rssBytes,
  hoursMs,
  hoursCPUMs: (user + system) / 1_000,
  probesPerPod: probes / Math.max(1, probedCount),
} satisfies SimulatedClusterTimes)
process.disconnect()

/** Creates them and waits until the API shows all of them Running. */
async function runPods({ client, clock }: Cluster): Promise<void> {
  const running = new Set<string>()
  const left = new AbortController()
  const follow = async () => {
    for await (const { object } of client.watch({ apiVersion: 'v1', kind: 'Pod' }, { signal: left.signal }))
      if (object.status?.phase === 'Running') running.add(object.metadata.name)
  }
  const following = follow().catch(error => {
    if (!left.signal.aborted) throw error
  })
  let next = 0
  const write = async () => {
    while (next < podCount) await client.create(podNumber(next++))
  }
  await Promise.all(Array.from({ length: writers }, write))
  await clock.runUntil(() => running.size === podCount)
  left.abort(new Error('all are running'))
  await following
}

function podNumber(index: number): Pod {
  const probe = { httpGet: { path: '/healthz', port: 80 }, periodSeconds: 10 }
  const probes = index < probedCount ? { readinessProbe: probe, livenessProbe: probe } : {}
  const containers = [{ name: 'main', image: 'web', ...probes }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: `web-${index}` }, spec: { containers } }
}

async function timeMs(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

function heapBytes(): number {
  globalThis.gc!()
  return process.memoryUsage().heapUsed
}
