import type { ResourceInfo } from '#apimachinery/resource/resource-info.ts'

export const endpointSlices: ResourceInfo = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  resource: 'endpointslices',
  singular: 'endpointslice',
  namespaced: true,
  schema: 'io.k8s.api.discovery.v1.EndpointSlice',
}
