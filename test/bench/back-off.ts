import type { BackOffTimes } from './back-off-main.ts'
import { forked } from './forked.ts'
import { packagedLibrary } from './packaged-library.ts'
import type { Row } from './row.ts'

const rounds = 10

/** A Pod that crashes for ever, 10 s, 20 s, 40 s … 5 min, twice: what its test costs, the start of the cluster aside. */
export async function benchBackOff(): Promise<Row[]> {
  const { first, last } = await forked<BackOffTimes>('back-off-main.ts', [await packagedLibrary(), rounds])
  const row = (what: string, { ms, cpuMs, virtualMinutes }: BackOffTimes['first']): Row => ({
    name: `back-off of a crashing Pod up to twice 5 min, ${what}`,
    value: ms,
    unit: 'ms',
    budget: { atMost: 100 },
    note: `${virtualMinutes.toFixed(0)} virtual minutes; ${cpuMs.toFixed(0)} ms of CPU`,
  })
  return [row('first in its process', first), row(`${rounds}th in its process`, last)]
}
