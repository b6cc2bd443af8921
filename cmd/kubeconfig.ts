import { clusterFolder, readIfThere } from '#cluster/cluster-folder.ts'
import { type FlagDefinitions, describeFlags, parseOnlyFlags } from './flags.ts'
import { dataDirFlag, defaultDataDirectory, noClusterError } from './data-directory.ts'

const definitions = { 'data-dir': dataDirFlag } satisfies FlagDefinitions

export function usage(): string {
  return `Usage: cox kubeconfig [flags]\n\nPrints the cluster's administrator kubeconfig.\n\n${describeFlags(definitions)}`
}

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseOnlyFlags(args, definitions)
  const folder = await clusterFolder(flags['data-dir'] ?? defaultDataDirectory)
  const text = await readIfThere(folder.adminKubeconfig)
  if (text === undefined) throw noClusterError(folder)
  process.stdout.write(text)
  return 0
}
