import { forked } from './forked.ts'
import { median } from './median.ts'
import { packagedLibrary } from './packaged-library.ts'
import type { Row } from './row.ts'
import type { StartTimes } from './start-cluster-main.ts'

const runs = 5

/** startCluster() of the packaged library with storage in memory, in a fresh process each time, the compile cache filled. */
export async function benchStartCluster(): Promise<Row[]> {
  const library = await packagedLibrary()
  await runOnce(library)
  const all: (StartTimes & { processMs: number })[] = []
  for (let run = 0; run < runs; run++) all.push(await runOnce(library))
  const of = (field: (times: (typeof all)[number]) => number) => median(all.map(field))
  const name = 'startCluster() to the first answered list'
  return [
    {
      name,
      value: of(({ first }) => first.listedMs),
      unit: 'ms',
      budget: { atMost: 300 },
      note: `first in its process; median of ${runs}`,
    },
    { name: `${name}, once more in the same process`, value: of(({ second }) => second.listedMs), unit: 'ms' },
    {
      name: `${name}, with the start of the process`,
      value: of(({ processMs }) => processMs),
      unit: 'ms',
      note: `of which loading the modules ${of(({ importMs }) => importMs).toFixed(0)} ms`,
    },
    {
      name: 'stop() of a cluster',
      value: of(({ first }) => first.stopMs),
      unit: 'ms',
      budget: { atMost: 50 },
      note: `the first of its process; the second ${of(({ second }) => second.stopMs).toFixed(1)} ms`,
    },
  ]
}

/** `processMs`: from the start of the process to the answered list of its first cluster, and the way back. */
async function runOnce(library: string): Promise<StartTimes & { processMs: number }> {
  const began = performance.now()
  const times = await forked<StartTimes>('start-cluster-main.ts', [library])
  const { first, second } = times
  return { ...times, processMs: performance.now() - began - first.stopMs - second.listedMs - second.stopMs }
}
