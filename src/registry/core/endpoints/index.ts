import type { Resource } from '#apiserver/registry/resource.ts'
import { defaultEndpoints } from '#api/core/v1/defaults/objects.ts'
import { endpoints } from '#api/core/v1/resources.ts'
import type { Endpoints } from '#api/core/v1/types.gen.ts'
import { validateEndpoints, validateEndpointsUpdate } from '#api/core/v1/validation/endpoints.ts'
import { ageColumn, nameColumn } from '../../object-columns.ts'

const shownMax = 3

export const endpointsResource: Resource<Endpoints> = {
  info: endpoints,
  strategy: {
    applyDefaults: defaultEndpoints,
    validateCreate: validateEndpoints,
    validateUpdate: validateEndpointsUpdate,
    allowCreateOnUpdate: true,
  },
  columns: [
    nameColumn,
    { name: 'Endpoints', type: 'string', priority: 0, description: 'Addresses and ports that take traffic.', value: addressesText },
    ageColumn,
  ],
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
}

function addressesText({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return '<none>'
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0 ? addresses.map(({ ip }) => ip) : ports.flatMap(({ port }) => addresses.map(({ ip }) => joinHostPort(ip, port))),
  )
  const shown = all.slice(0, shownMax).join(',')
  return all.length > shownMax ? `${shown} + ${all.length - shownMax} more...` : shown
}

function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
