import type { ForkTimes } from './fork-main.ts'
import { forked } from './forked.ts'
import { median } from './median.ts'
import type { Row } from './row.ts'

/** Copies of a whole cluster, and the way back. */
export async function benchFork(): Promise<Row[]> {
  const [idle, big] = [await forked<ForkTimes[]>('fork-main.ts', [0, 0]), await forked<ForkTimes[]>('fork-main.ts', [100, 1_000])]
  return [...rowsOf('of an idle cluster', idle, 10), ...rowsOf('of 100 nodes with 1,000 pods', big, 100)]
}

function rowsOf(what: string, rounds: readonly ForkTimes[], budgetMs: number): Row[] {
  const of = (field: keyof ForkTimes) => median(rounds.map(times => times[field]))
  const note = `with its HTTPS port; median of ${rounds.length}`
  return [
    { name: `fork() ${what}`, value: of('forkMs'), unit: 'ms', budget: { atMost: budgetMs }, note },
    { name: `snapshot() ${what}`, value: of('snapshotMs'), unit: 'ms' },
    { name: `restore() ${what}`, value: of('restoreMs'), unit: 'ms' },
  ]
}
