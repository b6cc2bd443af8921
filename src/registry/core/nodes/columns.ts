import type { Column } from '#apiserver/registry/resource.ts'
import { findCondition } from '#api/core/v1/pod-conditions.ts'
import type { Node } from '#api/core/v1/types.gen.ts'
import { nodeRoleLabel, nodeRoleLabelPrefix } from '#api/core/v1/well-known.ts'
import { ageColumn, nameColumn } from '../../object-columns.ts'

const wide = { type: 'string', priority: 1 } as const

export const nodeColumns: readonly Column<Node>[] = [
  nameColumn,
  { name: 'Status', type: 'string', priority: 0, description: 'Whether the node takes and runs pods.', value: statusText },
  { name: 'Roles', type: 'string', priority: 0, description: 'Roles of the node, from its labels.', value: rolesText },
  ageColumn,
  {
    name: 'Version',
    type: 'string',
    priority: 0,
    description: 'Version of the kubelet.',
    value: ({ status }) => status?.nodeInfo?.kubeletVersion ?? '',
  },
  { name: 'Internal-IP', ...wide, description: 'Address inside the cluster.', value: node => addressOf(node, 'InternalIP') },
  { name: 'External-IP', ...wide, description: 'Address for the outside.', value: node => addressOf(node, 'ExternalIP') },
  {
    name: 'OS-Image',
    ...wide,
    description: 'Operating system of the node.',
    value: ({ status }) => status?.nodeInfo?.osImage || '<unknown>',
  },
  {
    name: 'Kernel-Version',
    ...wide,
    description: 'Kernel of the node.',
    value: ({ status }) => status?.nodeInfo?.kernelVersion || '<unknown>',
  },
  {
    name: 'Container-Runtime',
    ...wide,
    description: 'Container runtime of the node, with its version.',
    value: ({ status }) => status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
  },
]

function statusText({ spec, status }: Node): string {
  const ready = findCondition(status?.conditions, 'Ready')
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (spec.unschedulable) words.push('SchedulingDisabled')
  return words.join(',')
}

function rolesText({ metadata }: Node): string {
  const roles = new Set<string>()
  for (const [label, value] of Object.entries(metadata.labels ?? {})) {
    if (label.startsWith(nodeRoleLabelPrefix) && label !== nodeRoleLabelPrefix) roles.add(label.slice(nodeRoleLabelPrefix.length))
    else if (label === nodeRoleLabel && value !== '') roles.add(value)
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',')
}

function addressOf({ status }: Node, wanted: string): string {
  return status?.addresses?.find(({ type }) => type === wanted)?.address ?? '<none>'
}
