import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Report } from './report.ts'
import type { SeedRun } from './run-seed.ts'
import { shrink } from './shrink.ts'

const run: SeedRun = { seed: 1, steps: 20, without: [4], canary: undefined, times: 1 }

function reportOf(invariant: string | undefined): Report {
  const failure = invariant === undefined ? undefined : { invariant, message: '' }
  return { seed: 1, steps: [], failure, writes: [], writeCount: 0, passedMs: 0 }
}

/** Breaks when steps 3 and 11 are both there; without 7 in another way. */
async function attempt({ without }: SeedRun): Promise<Report> {
  if (without.includes(3) || without.includes(11)) return reportOf(undefined)
  return reportOf(without.includes(7) ? 'another' : 'this')
}

test('shrink: leaves out what the failure does not need', async () => {
  const smallest = await shrink({ run, report: reportOf('this'), attempt, mayGoOn: () => true })
  assert.deepEqual(smallest.run, { ...run, steps: 12, without: [0, 1, 2, 4, 5, 6, 8, 9, 10] })
  assert.equal(smallest.report.failure?.invariant, 'this')
})

test('shrink: stops when the time is over', async () => {
  let left = 2
  const smallest = await shrink({ run, report: reportOf('this'), attempt, mayGoOn: () => left-- > 0 })
  assert.ok(smallest.run.without.length < 19)
})
