import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { runLoad } from './load.ts'
import { LoadClient } from './load-client.ts'
import { MachineCluster } from './machine-cluster.ts'
import { configMap, configMapsPath, namespace, objectKilobytes } from './objects.ts'
import { type Row, withReason } from './row.ts'

const settleMs = 5_000
const idleMs = 10_000
const objects = 10_000
const ticksPerSecond = 100

/** The cluster's process with one node: idle, and with many objects. */
export async function benchMemory(): Promise<Row[]> {
  await using cluster = await MachineCluster.create()
  await cluster.up()
  const pid = await cluster.pid()
  await sleep(settleMs)
  const before = cpuSeconds(pid)
  await sleep(idleMs)
  const idlePercent = ((cpuSeconds(pid) - before) / (idleMs / 1000)) * 100
  const idleMegabytes = residentMegabytes(pid)
  const startPeakMegabytes = peakMegabytes(pid)

  using client = await LoadClient.open(await cluster.config(), { connections: 8 })
  await client.create(0, '/api/v1/namespaces', namespace('bench'))
  let created = 0
  await runLoad(64, objects, async index => {
    await client.create(index, configMapsPath('bench'), configMap('bench', `object-${created++}`))
  })
  const rightAfter = residentMegabytes(pid)
  await sleep(settleMs)
  const filled = residentMegabytes(pid)
  for (let turn = 0; turn < 3; turn++) await client.get(0, configMapsPath('bench'))
  const listed = residentMegabytes(pid)
  await cluster.down()
  await cluster.up()
  await sleep(settleMs)
  const again = residentMegabytes(await cluster.pid())
  const what = `${objects.toLocaleString('en-US')} objects of ${objectKilobytes} KB`
  const beside = [{ what: 'an empty Node.js with one worker thread', value: await emptyMegabytes() }]
  return [
    {
      name: 'memory: resident, one node, idle',
      value: idleMegabytes,
      unit: 'MB',
      budget: { atMost: 120 },
      beside,
      note: `at most ${startPeakMegabytes.toFixed(0)} MB since the start`,
    },
    { name: 'CPU: one node, idle', value: idlePercent, unit: '% of a core', budget: { atMost: 0.5 }, note: `over ${idleMs / 1000} s` },
    withReason(
      {
        name: `memory: resident, with ${what}`,
        value: filled,
        unit: 'MB',
        budget: { atMost: 150 },
        note: `${settleMs / 1000} s after the last create; at once ${rightAfter.toFixed(0)} MB, after three lists ${listed.toFixed(0)} MB, started again ${again.toFixed(0)} MB`,
      },
      'what the burst of creates has freed is not given back to the system: compare the process that was started again',
    ),
  ]
}

/** What Node.js takes before there is any code of ours. */
async function emptyMegabytes(): Promise<number> {
  const script = `new (require('node:worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true })
    .once('online', () => setTimeout(() => { console.log(process.memoryUsage.rss() / 1e6); process.exit() }, 500))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-semi-space-size=4', '-e', script])
  return Number(stdout)
}

function residentMegabytes(pid: number): number {
  return statusMegabytes(pid, 'VmRSS')
}

function peakMegabytes(pid: number): number {
  return statusMegabytes(pid, 'VmHWM')
}

function statusMegabytes(pid: number, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]
  return (Number(kilobytes) * 1024) / 1e6
}

/** User and system time of all threads of a process. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The program's name stands in parentheses and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
