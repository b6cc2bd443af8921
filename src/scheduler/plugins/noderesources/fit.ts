import { scoreMax, type Plugin, type Rejection } from '../../framework/framework.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import type { PodInfo } from '../../framework/pod-info.ts'

interface Shortage {
  reason: string
  /** Even an empty node would be too small. */
  beyondNode: boolean
}

function shortagesOf({ requests }: PodInfo, { allocatable, requested }: NodeInfo): Shortage[] {
  const shortages: Shortage[] = []
  const check = (reason: string, wanted: number, used: number, total: number) => {
    if (wanted > 0 && wanted > total - used) shortages.push({ reason, beyondNode: wanted > total })
  }
  if (requested.pods + 1 > allocatable.pods) shortages.push({ reason: 'Too many pods', beyondNode: false })
  check('Insufficient cpu', requests.milliCPU, requested.milliCPU, allocatable.milliCPU)
  check('Insufficient memory', requests.memory, requested.memory, allocatable.memory)
  check('Insufficient ephemeral-storage', requests.ephemeralStorage, requested.ephemeralStorage, allocatable.ephemeralStorage)
  for (const [name, wanted] of requests.scalar ?? []) {
    check(`Insufficient ${name}`, wanted, requested.scalar?.get(name) ?? 0, allocatable.scalar?.get(name) ?? 0)
  }
  return shortages
}

/** The common case without allocation: does everything fit? */
function fits({ requests }: PodInfo, { allocatable, requested }: NodeInfo): boolean {
  return (
    requested.pods + 1 <= allocatable.pods &&
    (requests.milliCPU === 0 || requests.milliCPU <= allocatable.milliCPU - requested.milliCPU) &&
    (requests.memory === 0 || requests.memory <= allocatable.memory - requested.memory) &&
    (requests.ephemeralStorage === 0 || requests.ephemeralStorage <= allocatable.ephemeralStorage - requested.ephemeralStorage) &&
    requests.scalar === undefined
  )
}

/** Requests must fit into what is allocatable and not taken; emptier nodes come first (strategy LeastAllocated). */
export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  filter(pod, node): Rejection | undefined {
    if (fits(pod, node)) return undefined
    const shortages = shortagesOf(pod, node)
    if (shortages.length === 0) return undefined
    return { reasons: shortages.map(({ reason }) => reason), resolvable: !shortages.some(({ beyondNode }) => beyondNode) }
  },
  score({ nonZero }, { allocatable, nonZero: used }) {
    return (
      (leftShare(used.milliCPU + nonZero.milliCPU, allocatable.milliCPU) + leftShare(used.memory + nonZero.memory, allocatable.memory)) / 2
    )
  },
  wakesOn: change =>
    change.type === 'node-added' || change.type === 'pod-removed' || (change.type === 'node-updated' && change.allocatable),
}

function leftShare(used: number, total: number): number {
  return total === 0 || used > total ? 0 : Math.floor(((total - used) * scoreMax) / total)
}
