import { styleText } from 'node:util'
import { clusterFolder, readClusterRecord } from '#cluster/cluster-folder.ts'
import { doctor } from '#cluster/doctor/index.ts'
import { isOwnRoute } from '#network/cni/index.ts'
import { dataDirFlag, defaultDataDirectory } from './data-directory.ts'
import { type FlagDefinitions, describeFlags, parseOnlyFlags } from './flags.ts'

const definitions = { 'data-dir': dataDirFlag } satisfies FlagDefinitions
const defaultPorts = [6443, 10_250]

export function usage(): string {
  const text = 'Says what this machine can and cannot do for a cluster; every finding that needs one comes with its cure.'
  return `Usage: cox doctor [flags]\n\n${text}\n\n${describeFlags(definitions)}`
}

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseOnlyFlags(args, definitions)
  const folder = await clusterFolder(flags['data-dir'] ?? defaultDataDirectory)
  const record = await readClusterRecord(folder)
  const ports = record === undefined ? defaultPorts : [record.apiPort, record.kubeletPort]
  const findings = await doctor({ dataFolder: folder.data, ports, isOwnRoute: isOwnRoute(folder.id) }, new AbortController().signal)
  const width = Math.max(...findings.map(({ what }) => what.length))
  for (const { what, value, ok, cure } of findings) {
    const mark = ok ? styleText('green', '✓') : styleText('red', '✗')
    process.stdout.write(`${mark} ${what.padEnd(width)}  ${value}\n`)
    if (cure !== undefined) process.stdout.write(`  ${' '.repeat(width)}  → ${cure}\n`)
  }
  return findings.every(({ ok }) => ok) ? 0 : 1
}
