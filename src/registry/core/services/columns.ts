import type { Column } from '#apiserver/registry/resource.ts'
import type { Service } from '#api/core/v1/types.gen.ts'
import { ageColumn, labelsText, nameColumn } from '../../object-columns.ts'

const none = '<none>'

export const serviceColumns: readonly Column<Service>[] = [
  nameColumn,
  { name: 'Type', type: 'string', priority: 0, description: 'How the service is exposed.', value: ({ spec }) => spec.type ?? '' },
  {
    name: 'Cluster-IP',
    type: 'string',
    priority: 0,
    description: 'Address inside the cluster.',
    value: ({ spec }) => spec.clusterIPs?.[0] ?? none,
  },
  { name: 'External-IP', type: 'string', priority: 0, description: 'Addresses or name for the outside.', value: externalText },
  { name: 'Port(s)', type: 'string', priority: 0, description: 'Ports of the service, with those of the nodes.', value: portsText },
  ageColumn,
  {
    name: 'Selector',
    type: 'string',
    priority: 1,
    description: 'Labels of the pods behind it.',
    value: ({ spec }) => labelsText(spec.selector),
  },
]

function externalText({ spec, status }: Service): string {
  const fixed = spec.externalIPs ?? []
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return fixed.length === 0 ? none : fixed.join(',')
    case 'LoadBalancer': {
      const given = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter(Boolean)
      const all = [...[...new Set(given)].sort(), ...fixed]
      return all.length === 0 ? '<pending>' : all.join(',')
    }
    case 'ExternalName':
      return spec.externalName ?? ''
    default:
      return '<unknown>'
  }
}

function portsText({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`)
  return ports.length === 0 ? none : ports.join(',')
}
