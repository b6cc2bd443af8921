import type { Report } from './report.ts'
import type { SeedRun } from './run-seed.ts'

export interface ShrinkOptions {
  run: SeedRun
  report: Report
  /** Runs a variant. */
  attempt: (run: SeedRun) => Promise<Report>
  /** Whether there is time for one more. */
  mayGoOn: () => boolean
}

/** Leaves steps out, many at once and then fewer, as long as the same invariant breaks. @returns the smallest run found, and its report */
export async function shrink({ run, report, attempt, mayGoOn }: ShrinkOptions): Promise<{ run: SeedRun; report: Report }> {
  let best = { run, report }
  const kept = ({ steps, without }: SeedRun) => Array.from({ length: steps }, (_, index) => index).filter(index => !without.includes(index))
  for (let size = Math.ceil(kept(run).length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    // From the end on: what comes after the failure is of no use.
    for (let end = kept(best.run).length; end > 0; end -= size) {
      if (!mayGoOn()) return best
      const dropped = kept(best.run).slice(Math.max(end - size, 0), end)
      const tried = { ...best.run, without: [...best.run.without, ...dropped].sort((a, b) => a - b) }
      const found = await attempt(tried)
      if (found.failure?.invariant === report.failure?.invariant) best = { run: tried, report: found }
    }
  }
  return { ...best, run: trimmed(best.run) }
}

/** The same run without steps left out at the end. */
function trimmed(run: SeedRun): SeedRun {
  let { steps } = run
  while (steps > 0 && run.without.includes(steps - 1)) steps--
  return { ...run, steps, without: run.without.filter(index => index < steps) }
}
