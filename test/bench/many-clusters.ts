import { forked } from './forked.ts'
import type { ManyClusters } from './many-clusters-main.ts'
import { packagedLibrary } from './packaged-library.ts'
import type { Row } from './row.ts'

const rounds = 200
/** Until compiled code and caches of the process have grown to their size. */
const warmUpRounds = 50

/** Clusters that start, answer one list and stop, one after the other in one process: what each costs, and what stays. */
export async function benchManyClusters(): Promise<Row[]> {
  const all = await forked<ManyClusters>('many-clusters-main.ts', [await packagedLibrary(), rounds, warmUpRounds])
  const name = `${rounds} clusters in one process:`
  return [
    {
      name: `${name} CPU of each`,
      value: all.cpuMs,
      unit: 'ms',
      budget: { atMost: 60 },
      note: `start, first list and stop; ${all.wallMs.toFixed(1)} ms of time; after the first ${warmUpRounds}`,
    },
    {
      name: `${name} heap that each leaves`,
      value: all.heapBytesLeft / 1e3,
      unit: 'kB',
      budget: { atMost: 20 },
      note: `resident ${(all.rssBytesLeft / 1e3).toFixed(0)} kB; after the first ${warmUpRounds}`,
    },
    {
      name: `${name} what is left of them`,
      value: all.clustersLeft + all.resourcesLeft + all.listenersLeft,
      unit: 'pieces',
      // The last one may still be on the stack.
      budget: { atMost: 1 },
      note: `${all.clustersLeft} cluster objects, ${all.resourcesLeft} handles and timers, ${all.listenersLeft} listeners on the process`,
    },
  ]
}
