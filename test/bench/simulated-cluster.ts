import { forked } from './forked.ts'
import type { Row } from './row.ts'
import type { SimulatedClusterTimes, Took } from './simulated-cluster-main.ts'

const hours = 24
const pods = 1_000

/** Simulated nodes with their kubelets: until they are Ready, until pods are Running, what they cost, and how fast a day passes. */
export async function benchSimulatedCluster(): Promise<Row[]> {
  const run = (nodes: number, podCount: number, probed: number, virtualHours: number) =>
    forked<SimulatedClusterTimes>('simulated-cluster-main.ts', [nodes, podCount, probed, virtualHours])
  const big = await run(5_000, 10_000, 0, 0)
  const day = await run(100, pods, pods, hours)
  const name = 'simulated cluster:'
  return [
    secondsRow(`${name} 5,000 nodes Ready`, big.nodesReady, 10),
    secondsRow(`${name} then 10,000 pods Running`, big.podsRunning, 10),
    { name: `${name} memory of the process then`, value: big.rssBytes / 1e6, unit: 'MB', budget: { atMost: 1_000 } },
    secondsRow(`${name} stop() then`, big.stop),
    { name: `${name} heap of a node with its kubelet`, value: big.heapBytesPerNode / 1e3, unit: 'kB', note: 'without pods' },
    { name: `${name} timers of a node with its kubelet`, value: day.timersPerNode, unit: 'timers', note: 'without pods' },
    secondsRow(`${name} ${pods.toLocaleString('en-US')} pods Running on 100 nodes`, day.podsRunning),
    secondsRow(
      `${name} a day of these`,
      day.hours,
      60,
      `all pods with a readiness and a liveness probe every 10 s: ${day.probesPerPod.toLocaleString('en-US')} of each`,
    ),
  ]
}

function secondsRow(name: string, { ms, cpuMs }: Took, atMost?: number, note?: string): Row {
  const cpu = `${(cpuMs / 1_000).toFixed(1)} s of CPU`
  return {
    name,
    value: ms / 1_000,
    unit: 's',
    ...(atMost !== undefined && { budget: { atMost } }),
    note: note === undefined ? cpu : `${cpu}; ${note}`,
  }
}
