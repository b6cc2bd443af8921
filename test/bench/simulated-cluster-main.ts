/** A fresh process with one cluster of simulated nodes: for `benchSimulatedCluster`. */
import { enableCompileCache } from 'node:module'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { VirtualClock } from '#base/clock.ts'
import type { Cluster } from '#cluster/index.ts'

enableCompileCache()

/** What something took: on the clock on the wall, and of all cores. */
export interface Took {
  ms: number
  cpuMs: number
}

export interface SimulatedClusterTimes {
  nodesReady: Took
  podsRunning: Took
  stop: Took
  heapBytesPerNode: number
  /** Without pods; NaN on the real clock. */
  timersPerNode: number
  /** When the pods were running. */
  rssBytes: number
  /** The virtual hours after that. */
  hours: Took
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
const nodesReady = await took(async () => void (await cluster.addNodes({ count: nodeCount })))
const heapBytesPerNode = (heapBytes() - heapBefore) / nodeCount
const timersPerNode = ((virtual?.waiting ?? Number.NaN) - timersBefore) / nodeCount
const podsRunning = await took(() => runPods(cluster))
const rssBytes = process.memoryUsage.rss()
probes = 0
const passed = await took(async () => {
  if (hours > 0) await cluster.clock.advance(`${hours}h`)
})
const probesPerPod = probes / Math.max(1, probedCount)
const stop = await took(() => cluster.stop())
process.send!({
  nodesReady,
  podsRunning,
  stop,
  heapBytesPerNode,
  timersPerNode,
  rssBytes,
  hours: passed,
  probesPerPod,
} satisfies SimulatedClusterTimes)
process.disconnect()

/** Creates them and waits until the API shows all of them Running. */
async function runPods({ client, clock }: Cluster): Promise<void> {
  const running = new Set<string>()
  const left = new AbortController()
  const follow = async () => {
    // A watch that falls behind ends; the next one shows all there is first.
    while (!left.signal.aborted)
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

async function took(work: () => Promise<void>): Promise<Took> {
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { ms: performance.now() - began, cpuMs: (user + system) / 1_000 }
}

function heapBytes(): number {
  globalThis.gc!()
  return process.memoryUsage().heapUsed
}
