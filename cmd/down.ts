import { RealClock } from '#base/clock.ts'
import { clusterFolder, readClusterRecord } from '#cluster/cluster-folder.ts'
import { lockServer } from '#cluster/cluster-locks.ts'
import { removeCluster } from '#cluster/remove-cluster.ts'
import { dataDirFlag, defaultDataDirectory, noClusterError, requireRoot } from './data-directory.ts'
import { type FlagDefinitions, describeFlags, parseOnlyFlags } from './flags.ts'
import { openLog } from './log.ts'
import { printNotice, printStep } from './progress.ts'
import { stopServer } from './stop-server.ts'

const definitions = {
  'data-dir': dataDirFlag,
  delete: { type: 'boolean', description: 'Remove everything of the cluster: Pods, network, mounts, cgroups, data' },
} satisfies FlagDefinitions

export function usage(): string {
  return `Usage: cox down [flags]\n\nStops the cluster. Its Pods go on running and are there again after the next "cox up".\n\n${describeFlags(definitions)}`
}

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseOnlyFlags(args, definitions)
  const folder = await clusterFolder(flags['data-dir'] ?? defaultDataDirectory)
  if ((await readClusterRecord(folder)) === undefined) throw noClusterError(folder)
  requireRoot()
  const { signal } = new AbortController()
  const clock = new RealClock()
  const started = clock.monotonicMs()
  const wasRunning = await stopServer(folder)
  printStep({ what: wasRunning ? 'cluster stopped' : 'cluster was not running', tookMs: clock.monotonicMs() - started })
  if (flags.delete !== true) return 0
  using _ = await lockServer(folder)
  // Another "cox down --delete" may have come first.
  const record = await readClusterRecord(folder)
  if (record === undefined) throw noClusterError(folder)
  const removing = clock.monotonicMs()
  await removeCluster({ folder, record, clock, log: openLog({ level: 'warn' }), onNotice: printNotice }, signal)
  printStep({ what: 'Pods, network, cgroups and data removed', tookMs: clock.monotonicMs() - removing })
  return 0
}
