import { scoreMax, type Plugin } from '../../framework/framework.ts'

/** Nodes on which CPU and memory would be used to the same degree come first. */
export const nodeResourcesBalancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  // Without requests there is nothing to balance.
  scoreConcerns: ({ requests }) => requests.milliCPU > 0 || requests.memory > 0,
  score({ requests }, { allocatable, requested }) {
    const cpu = usedShare(requested.milliCPU + requests.milliCPU, allocatable.milliCPU)
    const memory = usedShare(requested.memory + requests.memory, allocatable.memory)
    // The standard deviation of two values is half their distance.
    return Math.floor((1 - Math.abs(cpu - memory) / 2) * scoreMax)
  },
  wakesOn: () => false,
}

function usedShare(used: number, total: number): number {
  return total === 0 ? 1 : Math.min(used / total, 1)
}
