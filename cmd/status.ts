import { clusterFolder, readClusterRecord } from '#cluster/cluster-folder.ts'
import { queryControlStatus } from '#cluster/control-socket.ts'
import { adminClient } from './client.ts'
import { dataDirFlag, defaultDataDirectory, noClusterError } from './data-directory.ts'
import { type FlagDefinitions, describeFlags, parseOnlyFlags } from './flags.ts'
import { wideTable } from './tables.ts'

const definitions = { 'data-dir': dataDirFlag } satisfies FlagDefinitions

export function usage(): string {
  return `Usage: cox status [flags]\n\nShows whether the cluster runs, its nodes and its Pods.\n\n${describeFlags(definitions)}`
}

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseOnlyFlags(args, definitions)
  const folder = await clusterFolder(flags['data-dir'] ?? defaultDataDirectory)
  const record = await readClusterRecord(folder)
  if (record === undefined) throw noClusterError(folder)
  const status = await queryControlStatus(folder.controlSocket)
  if (status === undefined) {
    process.stdout.write(`cluster "${folder.data}": stopped; "cox up --data-dir ${folder.data}" starts it again\n`)
    return 0
  }
  if (!status.ready) {
    process.stdout.write(`cluster "${folder.data}": starting, process ${status.pid}; its log is "${folder.log}"\n`)
    return 0
  }
  using admin = await adminClient(folder.adminKubeconfig)
  const { transport, server } = admin
  const upSeconds = Math.round((Date.now() - status.startedAtMs) / 1_000)
  process.stdout.write(`cluster "${folder.data}": running for ${upSeconds} s, process ${status.pid}, ${server}\n\n`)
  const { signal } = new AbortController()
  process.stdout.write(`${await wideTable(transport, { path: '/api/v1/nodes' }, signal)}\n`)
  process.stdout.write(await wideTable(transport, { path: '/api/v1/pods', namespaces: true }, signal))
  return 0
}
