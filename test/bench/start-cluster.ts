import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { median } from './median.ts'
import type { Row } from './row.ts'
import type { StartTimes } from './start-cluster-main.ts'

const runs = 5

/** startCluster() with storage in memory, in a fresh process each time, the compile cache filled. */
export async function benchStartCluster(): Promise<Row[]> {
  await runOnce()
  const all: (StartTimes & { processMs: number })[] = []
  for (let run = 0; run < runs; run++) all.push(await runOnce())
  const of = (field: keyof (typeof all)[number]) => median(all.map(times => times[field]))
  const name = 'startCluster() to the first answered list'
  return [
    { name, value: of('coldMs'), unit: 'ms', budget: { atMost: 300 }, note: `first in its process; median of ${runs}` },
    { name: `${name}, once more in the same process`, value: of('warmMs'), unit: 'ms' },
    {
      name: `${name}, with the start of the process`,
      value: of('processMs'),
      unit: 'ms',
      note: `of which loading the modules ${of('importMs').toFixed(0)} ms`,
    },
  ]
}

async function runOnce(): Promise<StartTimes & { processMs: number }> {
  const began = performance.now()
  const child = fork(join(import.meta.dirname, 'start-cluster-main.ts'), [], { execArgv: ['--disable-warning=ExperimentalWarning'] })
  const exited = once(child, 'exit')
  const [times] = (await Promise.race([once(child, 'message'), exited.then(([code]) => failed(code))])) as [StartTimes]
  const processMs = performance.now() - began - times.warmMs
  await exited
  return { ...times, processMs }
}

function failed(code: number): never {
  throw new Error(`the process that starts a cluster ended with ${code}`)
}
