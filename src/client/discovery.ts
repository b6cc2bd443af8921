import { parseAPIVersion } from '#apimachinery/resource/resource-info.ts'
import type { APIGroupList, APIResourceList } from '#apimachinery/meta/v1/types.gen.ts'
import type { ResourceMapping } from './rest-mapper.ts'
import type { Transport } from './transport.ts'

export interface DiscoveredResource extends ResourceMapping {
  /** Other names that people use: `pod`; `po`. */
  singular: string
  shortNames: readonly string[]
  verbs: readonly string[]
}

/** Every resource that the server prefers, without subresources, from `/api/v1` and the group documents. */
export async function discoverResources(transport: Transport, signal: AbortSignal): Promise<DiscoveredResource[]> {
  const { body } = await transport.request({ method: 'GET', path: '/apis' }, signal)
  const paths = [
    '/api/v1',
    ...(body as APIGroupList).groups.map(group => `/apis/${group.preferredVersion?.groupVersion ?? group.versions[0]!.groupVersion}`),
  ]
  const lists = await Promise.all(
    paths.map(async path => (await transport.request({ method: 'GET', path }, signal)).body as APIResourceList),
  )
  return lists.flatMap(({ groupVersion, resources }) =>
    resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, singularName, shortNames = [], kind, namespaced, verbs }) => ({
        ...parseAPIVersion(groupVersion),
        kind,
        resource: name,
        singular: singularName,
        shortNames,
        namespaced,
        verbs,
      })),
  )
}
