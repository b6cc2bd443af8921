import type { Rejection } from './framework.ts'

/** Why no node could take a pod, and by whose filter. */
export interface Diagnosis {
  nodeCount: number
  rejections: { plugin: string; rejection: Rejection }[]
  preemptionPolicy: string
}

/**
 * The message of the FailedScheduling event and of the PodScheduled condition, for example
 * `0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims
 * found for incoming pod.` Wording as kube-scheduler v1.36.
 */
export function fitErrorMessage({ nodeCount, rejections, preemptionPolicy }: Diagnosis): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods'
  const reasons = rejections.flatMap(({ rejection }) => rejection.reasons)
  const filters = `0/${nodeCount} nodes are available: ${histogram(reasons)}.`
  if (preemptionPolicy === 'Never') return `${filters} no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.`
  const outcomes = rejections.map(({ rejection }) =>
    rejection.resolvable ? 'No preemption victims found for incoming pod' : 'Preemption is not helpful for scheduling',
  )
  return `${filters} no new claims to deallocate, preemption: 0/${nodeCount} nodes are available: ${histogram(outcomes)}.`
}

/** `1 Insufficient cpu, 2 node(s) were unschedulable`, in the order of the texts. */
function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ')
}
