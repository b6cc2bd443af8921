import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { runLoad } from './load.ts'
import { LoadClient } from './load-client.ts'
import { MachineCluster } from './machine-cluster.ts'
import { configMap, configMapsPath, namespace, objectKilobytes } from './objects.ts'
import type { Row } from './row.ts'

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
  const what = `${objects.toLocaleString('en-US')} objects of ${objectKilobytes} KB`
  return [
    {
      name: 'memory: resident, one node, idle',
      value: idleMegabytes,
      unit: 'MB',
      budget: { atMost: 120 },
      note: `peak since the start ${startPeakMegabytes.toFixed(0)} MB`,
    },
    { name: 'CPU: one node, idle', value: idlePercent, unit: '% of a core', budget: { atMost: 0.5 }, note: `over ${idleMs / 1000} s` },
    {
      name: `memory: resident, with ${what}`,
      value: filled,
      unit: 'MB',
      budget: { atMost: 150 },
      note: `${settleMs / 1000} s after the last create; at once ${rightAfter.toFixed(0)} MB, after three lists of all ${listed.toFixed(0)} MB`,
    },
  ]
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
