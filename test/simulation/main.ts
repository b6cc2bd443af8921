/**
 * Drives whole clusters through random work and faults, and looks whether what must be true is true:
 * `npm run simulate -- [--seeds N] [--first S] [--steps K] [--canary NAME]`, or one seed again: `--seed S [--steps K] [--without 1,2,…]`.
 * Exits 1 with the smallest seed that fails, shrunk to the steps that it needs.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { canaries } from './canaries.ts'
import { formatFailure, type Report } from './report.ts'
import { type SeedRun, stepsDefault } from './run-seed.ts'
import { shrink } from './shrink.ts'
import { Workers } from './workers.ts'

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    steps: { type: 'string', default: String(stepsDefault) },
    without: { type: 'string', default: '' },
    canary: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
})
/** Every so many seeds one is run twice, to see whether it does the same again. */
const repeatEvery = 10
const progressEvery = 100
const shrinkMsMax = 60_000

process.exitCode = await main()

async function main(): Promise<number> {
  const { canary } = flags
  if (canary !== undefined && !(canary in canaries)) {
    process.stderr.write(`no canary "${canary}"; there are ${Object.keys(canaries).join(', ')}\n`)
    return 2
  }
  const first = wholeNumber('first')
  const seeds = flags.seed === undefined ? Array.from({ length: wholeNumber('seeds') }, (_, index) => first + index) : [wholeNumber('seed')]
  const without = flags.without === '' ? [] : flags.without.split(',').map(Number)
  const runOf = (seed: number): SeedRun => ({
    seed,
    steps: wholeNumber('steps'),
    without,
    canary,
    times: flags.seed !== undefined || seed % repeatEvery === 0 ? 2 : 1,
  })
  await using workers = new Workers(Math.min(wholeNumber('workers'), seeds.length))
  const started = performance.now()
  const { failed, reports } = await runAll(seeds, runOf, workers)
  const seconds = (performance.now() - started) / 1000
  if (failed === undefined) {
    const writes = reports.reduce((sum, { writeCount }) => sum + writeCount, 0)
    const hours = reports.reduce((sum, { passedMs }) => sum + passedMs, 0) / 3_600_000
    const rate = Math.round((reports.length / seconds) * 60)
    process.stdout.write(
      `${reports.length} seeds, ${writes} writes, ${hours.toFixed(1)} hours of clusters: all is well (${seconds.toFixed(1)} s, ${rate} seeds a minute)\n`,
    )
    return 0
  }
  const deadline = performance.now() + shrinkMsMax
  const attempt = async (run: SeedRun) => (await workers.run(run, () => true))!
  const smallest = await shrink({ run: runOf(failed.seed), report: failed, attempt, mayGoOn: () => performance.now() < deadline })
  process.stdout.write(`${formatFailure(smallest.report, smallest.run)}\n`)
  return 1
}

/** Runs seeds side by side, up to the smallest one that fails: what is said does not depend on which process was faster. */
async function runAll(
  seeds: readonly number[],
  runOf: (seed: number) => SeedRun,
  workers: Workers,
): Promise<{ failed: Report | undefined; reports: Report[] }> {
  const reports: Report[] = []
  let failed: Report | undefined
  await Promise.all(
    seeds.map(async seed => {
      // Runs begin in the order of their seeds: when this one's turn comes, all smaller ones have begun.
      const report = await workers.run(runOf(seed), () => failed === undefined || failed.seed > seed)
      if (report === undefined) return
      reports.push(report)
      if (reports.length % progressEvery === 0) process.stderr.write(`${reports.length} of ${seeds.length} seeds\n`)
      if (report.failure !== undefined && (failed === undefined || seed < failed.seed)) failed = report
    }),
  )
  return { failed, reports }
}

function wholeNumber(name: 'seeds' | 'first' | 'seed' | 'steps' | 'workers'): number {
  const value = Number(flags[name])
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} must be a whole number, not "${flags[name]}"`)
  return value
}
