import { findCondition } from '#api/core/v1/pod-conditions.ts'
import type { Node, Pod } from '#api/core/v1/types.gen.ts'

const outOfServiceTaint = 'node.kubernetes.io/out-of-service'

/** Why nobody else will remove a pod. */
export type Garbage = 'orphaned' | 'unscheduled' | 'out-of-service'

/**
 * Whether the pod is left over: bound to a node that is gone (which counts after a while only), or terminating without a kubelet to end
 * it. Pure. Behaviour: kube-controller-manager's pod-garbage-collector.
 * @param node the pod's node, if there is such a node
 */
export function garbageOf(pod: Pod, node: Node | undefined): Garbage | undefined {
  const isTerminating = pod.metadata.deletionTimestamp !== undefined
  if (pod.spec.nodeName === undefined || pod.spec.nodeName === '') return isTerminating ? 'unscheduled' : undefined
  if (node === undefined) return 'orphaned'
  return isTerminating && isOutOfService(node) ? 'out-of-service' : undefined
}

function isOutOfService({ spec, status }: Node): boolean {
  const isReady = findCondition(status?.conditions, 'Ready')?.status === 'True'
  return !isReady && (spec.taints ?? []).some(({ key }) => key === outOfServiceTaint)
}

/** Those of the finished pods that are beyond the limit: evicted ones first, then the oldest. */
export function excessPods(terminated: readonly Pod[], max: number): Pod[] {
  const isEvicted = ({ status }: Pod) => status?.phase === 'Failed' && status.reason === 'Evicted'
  const age = ({ metadata }: Pod) => `${metadata.creationTimestamp ?? ''} ${metadata.name}`
  const inOrder = terminated.toSorted((left, right) =>
    isEvicted(left) === isEvicted(right) ? (age(left) < age(right) ? -1 : 1) : isEvicted(left) ? -1 : 1,
  )
  return inOrder.slice(0, Math.max(terminated.length - max, 0))
}
