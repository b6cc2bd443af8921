import { toleratesTaint } from '#api/core/v1/taints.ts'
import type { Plugin } from '../../framework/framework.ts'

const rejection = { reasons: ['node(s) were unschedulable'], resolvable: false }
const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** Cordoned nodes take only pods that tolerate it. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  filter: ({ pod }, { isUnschedulable }) =>
    isUnschedulable && !toleratesTaint(pod.spec.tolerations, unschedulableTaint) ? rejection : undefined,
  wakesOn: change => change.type === 'node-added' || (change.type === 'node-updated' && change.unschedulable),
}
