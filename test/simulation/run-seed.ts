import type { ClusterSnapshot } from '#cluster/index.ts'
import { canaries } from './canaries.ts'
import { lastWrites, type Replay, type Report } from './report.ts'
import { areCopiesEqual } from './setting.ts'
import { type Outcome, simulate } from './simulation.ts'
import type { Failure } from './verdict.ts'
import { firstDifference } from './write-log.ts'

export interface SeedRun extends Replay {
  /** How often; all runs must write the same. */
  times: number
}

export const stepsDefault = 30

/**
 * Runs a seed, and looks whether each time makes the same writes, where it can be with copies of the cluster and without.
 * @param base see `startBase`
 */
export async function runSeed({ seed, steps, without, canary, times }: SeedRun, base: ClusterSnapshot): Promise<Report> {
  const run = (isCopied: boolean) => simulate({ base, seed, steps, without: new Set(without), canary: canaries[canary ?? ''], isCopied })
  const first = await run(true)
  let { failure } = first
  for (let index = 1; index < times && failure === undefined; index++)
    failure = differenceOf(first, await run(true), 'the same seed makes the same writes')
  if (failure === undefined && areCopiesEqual(seed))
    failure = differenceOf(first, await run(false), 'a copy writes what the original writes')
  const { log } = first
  return {
    seed,
    steps: first.steps,
    failure,
    writes: failure === undefined ? [] : lastWrites(log),
    writeCount: log.writes.length,
    passedMs: (log.writes.at(-1)?.atMs ?? 0) - (log.writes[0]?.atMs ?? 0),
  }
}

/** What is wrong with another run, which should be the same as the first. */
function differenceOf(first: Outcome, other: Outcome, invariant: string): Failure | undefined {
  const difference = firstDifference(first.log, other.log)
  if (difference === undefined) return other.failure
  return { invariant, message: `${difference[0]}\n  was written; the other time it was\n${difference[1]}` }
}
