import type { ClusterFolder, ClusterRecord } from './cluster-folder.ts'

/** What a user may choose at the first start; undefined: leave it. */
export interface WantedChoices {
  podCIDR?: string | undefined
  serviceCIDR?: string | undefined
  nodeName?: string | undefined
  apiPort?: number | undefined
}

interface Choice {
  name: keyof WantedChoices
  flag: string
  /** Until when it stays as it is. */
  cure: string
}

const removal = 'remove it with "cox down --delete" first'
const choices: readonly Choice[] = [
  { name: 'podCIDR', flag: '--pod-cidr', cure: removal },
  { name: 'serviceCIDR', flag: '--service-cidr', cure: removal },
  { name: 'nodeName', flag: '--node-name', cure: removal },
  { name: 'apiPort', flag: '--api-port', cure: 'stop it with "cox down" first' },
]

/**
 * What a cluster was given stays as it was: most of it for its life, the port of the API as long as it runs.
 * @throws Error that says which choice cannot be changed, and what to do
 */
export function requireKeptChoices(folder: ClusterFolder, kept: ClusterRecord, wanted: WantedChoices): void {
  for (const { name, flag, cure } of choices) {
    if (wanted[name] === undefined || wanted[name] === kept[name]) continue
    throw new Error(`cannot change ${flag} of the cluster in "${folder.data}" from ${kept[name]} to ${wanted[name]}; ${cure}`)
  }
}
