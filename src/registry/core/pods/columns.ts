import type { Column } from '#apiserver/registry/resource.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { findCondition } from '#api/core/v1/pod-conditions.ts'
import { ageColumn, elapsedSince, nameColumn } from '../../object-columns.ts'
import { summarizePod } from './summary.ts'

const none = '<none>'

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  {
    name: 'Ready',
    type: 'string',
    priority: 0,
    description: 'Containers that are ready, of all that keep running.',
    value: pod => {
      const { ready, total } = summarizePod(pod)
      return `${ready}/${total}`
    },
  },
  {
    name: 'Status',
    type: 'string',
    priority: 0,
    description: 'What the pod is doing, summed up from its phase, conditions and containers.',
    value: pod => summarizePod(pod).reason,
  },
  {
    name: 'Restarts',
    type: 'string',
    priority: 0,
    description: 'How often containers were started again, and when last.',
    value: (pod, now) => {
      const { restarts, lastRestart } = summarizePod(pod)
      return restarts === 0 || lastRestart === undefined ? String(restarts) : `${restarts} (${elapsedSince(lastRestart, now)} ago)`
    },
  },
  ageColumn,
  { name: 'IP', type: 'string', priority: 1, description: 'First address of the pod.', value: podIP },
  { name: 'Node', type: 'string', priority: 1, description: 'Node that the pod is bound to.', value: ({ spec }) => spec.nodeName || none },
  {
    name: 'Nominated Node',
    type: 'string',
    priority: 1,
    description: 'Node where room is being made for the pod.',
    value: ({ status }) => status?.nominatedNodeName || none,
  },
  {
    name: 'Readiness Gates',
    type: 'string',
    priority: 1,
    description: 'Extra conditions of readiness that hold, of all.',
    value: readinessGates,
  },
]

function podIP({ status }: Pod): string {
  return status?.podIPs?.[0]?.ip || status?.podIP || none
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? []
  if (gates.length === 0) return none
  const met = gates.filter(({ conditionType }) => findCondition(status?.conditions, conditionType)?.status === 'True')
  return `${met.length}/${gates.length}`
}
