import type { ClusterFolder } from '#cluster/cluster-folder.ts'
import type { FlagDefinition } from './flags.ts'

export const defaultDataDirectory = '/var/lib/coxswain'

export const dataDirFlag = {
  type: 'string',
  placeholder: 'DIR',
  description: `Folder of the cluster (default ${defaultDataDirectory})`,
} as const satisfies FlagDefinition

export function noClusterError({ data }: ClusterFolder): Error {
  return new Error(`no cluster in "${data}"; start one with "cox up", or name its folder with --data-dir`)
}

export function requireRoot(): void {
  if (process.platform !== 'linux')
    throw new Error('runs containers, which needs Linux; use startCluster() from the library for simulated Pods')
  if (process.getuid?.() !== 0) throw new Error('needs root to run containers; try again with sudo')
}
