/**
 * Measures what docs/decisions and DESIGN promise, on this machine: `npm run bench -- [name …] [--json]`. Each benchmark removes what it
 * made. Numbers are worth comparing within one run only. `simulated-cluster` takes a minute or some, the others seconds to half a minute each.
 */
import { availableParallelism, cpus, loadavg, release } from 'node:os'
import { parseArgs } from 'node:util'
import { type Row, verdictOf } from './row.ts'
import { formatTable } from './table.ts'

const benchmarks: Record<string, () => Promise<Row[]>> = {
  'start-cluster': async () => (await import('./start-cluster.ts')).benchStartCluster(),
  'idle-cluster': async () => (await import('./idle-cluster.ts')).benchIdleCluster(),
  'many-clusters': async () => (await import('./many-clusters.ts')).benchManyClusters(),
  'test-server': async () => (await import('./test-server.ts')).benchTestServer(),
  'back-off': async () => (await import('./back-off.ts')).benchBackOff(),
  'cox-up': async () => (await import('./cox-up.ts')).benchCoxUp(),
  'pod-start': async () => (await import('./pod-start.ts')).benchPodStart(),
  memory: async () => (await import('./memory.ts')).benchMemory(),
  api: async () => (await import('./api.ts')).benchAPI(),
  scheduler: async () => (await import('./scheduler.ts')).benchScheduler(),
  storage: async () => (await import('./storage.ts')).benchStorage(),
  'simulated-runtime': async () => (await import('./simulated-runtime.ts')).benchSimulatedRuntime(),
  fork: async () => (await import('./fork.ts')).benchFork(),
  'simulated-cluster': async () => (await import('./simulated-cluster.ts')).benchSimulatedCluster(),
}

const { values: flags, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false } } })
const unknown = positionals.filter(name => !(name in benchmarks))
if (unknown.length > 0) {
  process.stderr.write(`no benchmark "${unknown.join('", "')}"; there are ${Object.keys(benchmarks).join(', ')}\n`)
  process.exitCode = 2
} else {
  await runAll(positionals.length > 0 ? positionals : Object.keys(benchmarks))
}

async function runAll(names: readonly string[]): Promise<void> {
  const rows: Row[] = []
  const started = performance.now()
  for (const name of names) {
    const began = performance.now()
    rows.push(...(await runOne(name)))
    process.stderr.write(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`)
  }
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    kernel: release(),
    node: process.version,
    load: loadavg()[0]!,
    tookSeconds: (performance.now() - started) / 1000,
  }
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ machine, rows: rows.map(row => ({ ...row, verdict: verdictOf(row) })) }, null, 2)}\n`)
    return
  }
  process.stdout.write(`\n${formatTable(rows)}\n`)
  const { cpu, cores, kernel, node, load, tookSeconds } = machine
  process.stdout.write(
    `${cores} × ${cpu}, Linux ${kernel}, Node.js ${node}; load ${load.toFixed(1)} at the end, took ${tookSeconds.toFixed(0)} s\n`,
  )
}

/** A benchmark that fails is one row that says so, and makes the run fail; the others go on. */
async function runOne(name: string): Promise<Row[]> {
  try {
    return await benchmarks[name]!()
  } catch (error) {
    process.exitCode = 1
    process.stderr.write(`${name}: ${(error as Error).stack}\n`)
    return [{ name, value: Number.NaN, unit: '', note: `failed: ${(error as Error).message.split('\n')[0]}` }]
  }
}
