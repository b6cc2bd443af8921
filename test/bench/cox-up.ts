import { join } from 'node:path'
import { LoadClient } from './load-client.ts'
import { MachineCluster, runCox } from './machine-cluster.ts'
import { median } from './median.ts'
import { deletePod } from './pods.ts'
import type { Row } from './row.ts'

const warmStarts = 3
const versionRuns = 15
const samplePod = join(import.meta.dirname, '../../examples/sample-pod.yaml')

/** The program as a user starts it, from the shell's point of view: each time is that of a whole command. */
export async function benchCoxUp(): Promise<Row[]> {
  const version = await timesOf(versionRuns, async () => (await runCox('version')).tookMs)
  await using cluster = await MachineCluster.create()
  const cold = await cluster.up()
  const down = await cluster.down()
  const warm: { tookMs: number; output: string }[] = []
  for (let turn = 0; turn < warmStarts; turn++) {
    warm.push(await cluster.up())
    await cluster.down()
  }
  const pulled = await cluster.up('-f', samplePod)
  const applied: { tookMs: number; output: string }[] = []
  for (let turn = 0; turn < warmStarts; turn++) {
    await removePod(cluster)
    await cluster.down()
    applied.push(await cluster.up('-f', samplePod))
  }
  await removePod(cluster)
  return [
    {
      name: 'cox version',
      value: median(version),
      unit: 'ms',
      budget: { atMost: 150 },
      note: `median of ${versionRuns}, launcher included`,
    },
    { name: 'cox up, nothing on disk, to node Ready', value: cold.tookMs, unit: 'ms', note: stepsOf(cold.output) },
    {
      name: 'cox up, after cox down, to node Ready',
      value: median(warm.map(({ tookMs }) => tookMs)),
      unit: 'ms',
      budget: { atMost: 1_000 },
      note: `median of ${warmStarts}; the last: ${stepsOf(warm.at(-1)!.output)}`,
    },
    { name: 'cox down', value: down.tookMs, unit: 'ms' },
    { name: 'cox up -f sample-pod.yaml with the image to fetch, to Running', value: pulled.tookMs, unit: 'ms' },
    {
      name: 'cox up -f sample-pod.yaml, image on disk, to Running',
      value: median(applied.map(({ tookMs }) => tookMs)),
      unit: 'ms',
      budget: { atMost: 2_000 },
      note: `after cox down, median of ${warmStarts}; the last: ${stepsOf(applied.at(-1)!.output)}`,
    },
  ]
}

async function removePod(cluster: MachineCluster): Promise<void> {
  using client = await LoadClient.open(await cluster.config(), { connections: 1 })
  await deletePod(client, 'default', 'sample-pod')
}

async function timesOf(count: number, run: () => Promise<number>): Promise<number[]> {
  const times: number[] = []
  for (let turn = 0; turn < count; turn++) times.push(await run())
  return times
}

/** `containerd 1 s, node 0.2 s`: the steps that the command printed. */
function stepsOf(output: string): string {
  const steps = [...output.matchAll(/^✓ (\S+ ?\S*).* \(([\d.]+ m?s)\)$/gm)]
  return steps.map(([, what, took]) => `${what!.replace(/,$/, '')} ${took}`).join(', ')
}
