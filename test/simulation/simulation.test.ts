/** A few seeds of what `npm run simulate` does, and that it can fail. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { canaries } from './canaries.ts'
import { formatFailure, type Report } from './report.ts'
import { runSeed, type SeedRun, stepsDefault } from './run-seed.ts'
import { areCopiesEqual } from './setting.ts'
import { startBase } from './simulation.ts'

const base = await startBase()

const runOf = (seed: number, more: Partial<SeedRun> = {}): SeedRun => ({
  seed,
  steps: stepsDefault,
  without: [],
  canary: undefined,
  times: 1,
  ...more,
})

async function mustHold(run: SeedRun): Promise<void> {
  const report = await runSeed(run, base)
  assert.equal(report.failure, undefined, formatFailure(report, run))
}

describe('simulation', () => {
  const seeds = Array.from({ length: 15 }, (_, index) => index + 1)

  for (const seed of seeds) test(`seed ${seed}: all invariants hold`, () => mustHold(runOf(seed)))

  for (const seed of [101, 102]) test(`seed ${seed}: the same writes each time`, () => mustHold(runOf(seed, { times: 2 })))

  for (const seed of [18, 118]) test(`seed ${seed}: copies write what the original writes`, () => mustHold(runOf(seed)))

  const found: Record<keyof typeof canaries, string> = {
    'lost-event': 'watches miss nothing and repeat nothing',
    'lost-update': 'no write undoes another',
    'double-address': 'an address has one pod',
    'forgotten-sandbox': 'what runs is what the API shows',
    'forgotten-probes': 'a copy writes what the original writes',
    'forgotten-crashes': 'a copy writes what the original writes',
    dice: 'the same seed makes the same writes',
  }
  const seedsMax = 10
  for (const [canary, { copied }] of Object.entries(canaries))
    test(`the canary ${canary} is found`, async () => {
      let report: Report | undefined
      let tried = 0
      for (let seed = 1; tried < seedsMax && report?.failure?.invariant !== found[canary]; seed++) {
        if (copied !== undefined && !areCopiesEqual(seed)) continue
        tried++
        report = await runSeed(runOf(seed, { canary, times: canary === 'dice' ? 2 : 1 }), base)
      }
      assert.equal(report?.failure?.invariant, found[canary])
    })
})
