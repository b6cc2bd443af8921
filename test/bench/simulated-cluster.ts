import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Row } from './row.ts'
import type { SimulatedClusterTimes } from './simulated-cluster-main.ts'

/** Simulated nodes with their kubelets: until they are Ready, until pods are Running, and what they cost. */
export async function benchSimulatedCluster(): Promise<Row[]> {
  const big = await runOnce(5_000, 10_000, 'real')
  const small = await runOnce(100, 1_000, 'virtual')
  const name = 'simulated cluster:'
  return [
    { name: `${name} 5,000 nodes Ready`, value: big.nodesReadyMs / 1_000, unit: 's', budget: { atMost: 10 } },
    { name: `${name} then 10,000 pods Running`, value: big.podsRunningMs / 1_000, unit: 's', budget: { atMost: 10 } },
    { name: `${name} memory of the process then`, value: big.rssBytes / 1e6, unit: 'MB', budget: { atMost: 1_000 } },
    { name: `${name} heap of a node with its kubelet`, value: big.heapBytesPerNode / 1e3, unit: 'kB', note: 'without pods' },
    { name: `${name} stop() then`, value: big.stopMs, unit: 'ms' },
    { name: `${name} 100 nodes, 1,000 pods Running`, value: small.podsRunningMs, unit: 'ms', note: 'on virtual time, no timer needed' },
    { name: `${name} a virtual minute of these`, value: small.minuteMs ?? Number.NaN, unit: 'ms', budget: { atMost: 60_000 / 1_440 } },
  ]
}

async function runOnce(nodes: number, pods: number, clock: 'real' | 'virtual'): Promise<SimulatedClusterTimes> {
  const execArgv = ['--disable-warning=ExperimentalWarning', '--expose-gc']
  const child = fork(join(import.meta.dirname, 'simulated-cluster-main.ts'), [String(nodes), String(pods), clock], { execArgv })
  const exited = once(child, 'exit')
  const [times] = (await Promise.race([once(child, 'message'), exited.then(([code]) => failed(code))])) as [SimulatedClusterTimes]
  await exited
  return times
}

function failed(code: number): never {
  throw new Error(`the process with the simulated cluster ended with ${code}`)
}
