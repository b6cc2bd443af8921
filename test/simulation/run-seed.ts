import type { ClusterSnapshot } from '#cluster/index.ts'
import { canaries } from './canaries.ts'
import { lastWrites, type Replay, type Report } from './report.ts'
import { simulate } from './simulation.ts'

export interface SeedRun extends Replay {
  /** How often; all runs must write the same. */
  times: number
}

export const stepsDefault = 30

/**
 * Runs a seed, and looks whether each time makes the same writes.
 * @param base see `startBase`
 */
export async function runSeed({ seed, steps, without, canary, times }: SeedRun, base: ClusterSnapshot): Promise<Report> {
  const once = async (): Promise<Report> => {
    const { log, failure, steps: done } = await simulate({ base, seed, steps, without: new Set(without), canary: canaries[canary ?? ''] })
    const [first, last] = [log.writes[0], log.writes.at(-1)]
    return {
      seed,
      steps: done,
      failure,
      writes: failure === undefined ? [] : lastWrites(log),
      writeCount: log.writes.length,
      digest: times > 1 ? log.digest() : '',
      passedMs: (last?.atMs ?? 0) - (first?.atMs ?? 0),
    }
  }
  const report = await once()
  for (let index = 1; index < times && report.failure === undefined; index++) {
    const again = await once()
    if (again.digest === report.digest) continue
    const message = `${report.writeCount} writes with digest ${report.digest}, then ${again.writeCount} writes with digest ${again.digest}`
    return { ...report, failure: { invariant: 'the same seed makes the same writes', message } }
  }
  return report
}
