import { forked } from './forked.ts'
import type { Row } from './row.ts'
import type { SimulatedClusterTimes } from './simulated-cluster-main.ts'

const hours = 24
const probedPods = 100

/** Simulated nodes with their kubelets: until they are Ready, until pods are Running, what they cost, and how fast a day passes. */
export async function benchSimulatedCluster(): Promise<Row[]> {
  const run = (nodes: number, pods: number, probed: number, virtualHours: number) =>
    forked<SimulatedClusterTimes>('simulated-cluster-main.ts', [nodes, pods, probed, virtualHours])
  const big = await run(5_000, 10_000, 0, 0)
  const day = await run(100, 1_000, probedPods, hours)
  const name = 'simulated cluster:'
  return [
    { name: `${name} 5,000 nodes Ready`, value: big.nodesReadyMs / 1_000, unit: 's', budget: { atMost: 10 } },
    { name: `${name} then 10,000 pods Running`, value: big.podsRunningMs / 1_000, unit: 's', budget: { atMost: 10 } },
    { name: `${name} memory of the process then`, value: big.rssBytes / 1e6, unit: 'MB', budget: { atMost: 1_000 } },
    { name: `${name} heap of a node with its kubelet`, value: big.heapBytesPerNode / 1e3, unit: 'kB', note: 'without pods' },
    { name: `${name} timers of a node with its kubelet`, value: day.timersPerNode, unit: 'timers', note: 'without pods' },
    { name: `${name} stop() then`, value: big.stopMs, unit: 'ms' },
    {
      name: `${name} 100 nodes, 1,000 pods Running`,
      value: day.podsRunningMs / 1_000,
      unit: 's',
      note: 'on virtual time, no timer needed',
    },
    {
      name: `${name} a day of these`,
      value: day.hoursMs / 1_000,
      unit: 's',
      budget: { atMost: 60 },
      note: `${(day.hoursCPUMs / 1_000).toFixed(0)} s of CPU; ${probedPods} pods with probes, ${day.probesPerPod.toLocaleString('en-US')} of each`,
    },
  ]
}
