import type { Resource, Strategy } from '#apiserver/registry/resource.ts'
import { semanticEqual } from '#api/core/v1/equality.ts'
import { endpointSlices } from '#api/discovery/v1/resources.ts'
import type { EndpointSlice } from '#api/discovery/v1/types.gen.ts'
import { validateEndpointSlice, validateEndpointSliceUpdate } from '#api/discovery/v1/validation/endpoint-slice.ts'
import { ageColumn, nameColumn } from '../../object-columns.ts'

const shownMax = 3

const strategy: Strategy<EndpointSlice> = {
  applyDefaults(slice) {
    slice.endpoints ??= []
    for (const port of slice.ports ?? []) {
      port.name ??= ''
      port.protocol ??= 'TCP'
    }
  },
  prepareForCreate(slice) {
    slice.metadata.generation = 1
  },
  validateCreate: validateEndpointSlice,
  prepareForUpdate(slice, old) {
    const { metadata, ...content } = slice
    const { metadata: oldMetadata, ...oldContent } = old
    if (!semanticEqual(content, oldContent) || !semanticEqual(metadata.labels, oldMetadata.labels)) {
      metadata.generation = (oldMetadata.generation ?? 0) + 1
    }
  },
  validateUpdate: validateEndpointSliceUpdate,
}

export const endpointSlicesResource: Resource<EndpointSlice> = {
  info: endpointSlices,
  strategy,
  columns: [
    nameColumn,
    {
      name: 'AddressType',
      type: 'string',
      priority: 0,
      description: 'Form of the addresses.',
      value: ({ addressType }) => addressType ?? '',
    },
    {
      name: 'Ports',
      type: 'string',
      priority: 0,
      description: 'Ports of every endpoint.',
      value: ({ ports }) => shorten((ports ?? []).map(({ port, name }) => String(port ?? name ?? '*'))),
    },
    {
      name: 'Endpoints',
      type: 'string',
      priority: 0,
      description: 'Addresses of the endpoints.',
      value: ({ endpoints }) => shorten((endpoints ?? []).flatMap(({ addresses }) => addresses)),
    },
    ageColumn,
  ],
}

function shorten(list: readonly string[]): string {
  if (list.length === 0) return '<unset>'
  const shown = list.slice(0, shownMax).join(',')
  return list.length > shownMax ? `${shown} + ${list.length - shownMax} more...` : shown
}
