import type { Node } from '#api/core/v1/types.gen.ts'
import type { ClusterChange } from './framework/framework.ts'

/** What of a node's update can matter to pods that wait; undefined when nothing can (heartbeats). */
export function nodeChangeOf(old: Node, node: Node): ClusterChange | undefined {
  const differs = (read: (node: Node) => unknown) => JSON.stringify(read(old)) !== JSON.stringify(read(node))
  const change = {
    type: 'node-updated',
    allocatable: differs(({ status }) => status?.allocatable),
    labels: differs(({ metadata }) => metadata.labels),
    taints: differs(({ spec }) => spec.taints),
    unschedulable: old.spec.unschedulable !== node.spec.unschedulable,
  } as const
  return change.allocatable || change.labels || change.taints || change.unschedulable ? change : undefined
}
