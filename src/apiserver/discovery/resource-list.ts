import { createHash } from 'node:crypto'
import type { APIResource } from '#apimachinery/meta/v1/types.gen.ts'
import type { ResourceInfo } from '#apimachinery/resource/resource-info.ts'
import type { Subresource, Verb } from '../registry/resource.ts'
import type { Route } from '../routes.ts'

const storedVerbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const verbOfMethod: Record<string, string> = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

/** The verbs of a resource itself, sorted. */
export function verbsOf(route: Route): string[] {
  return [...(route.resource.verbs ?? (route.store === undefined ? ['create' as const] : storedVerbs))].sort()
}

/** The verbs of a subresource, sorted. */
export function subresourceVerbs(subresource: Subresource): string[] {
  switch (subresource.type) {
    case 'update':
      return ['get', 'patch', 'update']
    case 'create':
      return ['create']
    case 'connect':
      return [...new Set(subresource.methods.flatMap(method => verbOfMethod[method] ?? []))].sort()
  }
}

/** The resource and its subresources as `/api/v1` and `/apis/<group>/<version>` list them. */
export function apiResources(route: Route): APIResource[] {
  const { info, resource } = route
  const own: APIResource = {
    name: info.resource,
    singularName: info.singular,
    namespaced: info.namespaced,
    kind: info.kind,
    verbs: verbsOf(route),
    ...(info.shortNames !== undefined && { shortNames: [...info.shortNames] }),
    ...(info.categories !== undefined && { categories: [...info.categories] }),
    ...(route.store !== undefined && { storageVersionHash: storageVersionHash(resource.info) }),
  }
  const subresources = Object.entries(resource.subresources ?? {}).map(([name, subresource]): APIResource => {
    const kind = kindOf(subresource, info)
    const isForeign = kind.group !== info.group || kind.version !== info.version
    return {
      name: `${info.resource}/${name}`,
      singularName: '',
      namespaced: info.namespaced,
      ...(isForeign && { group: kind.group, version: kind.version }),
      kind: kind.kind,
      verbs: subresourceVerbs(subresource),
    }
  })
  return [own, ...subresources]
}

/** What a subresource answers. */
export function kindOf(subresource: Subresource, info: ResourceInfo): { group: string; version: string; kind: string } {
  const { group, version, kind } = subresource.kind ?? info
  return { group, version, kind }
}

/** Changes when objects begin to be stored in another version. */
function storageVersionHash({ group, version, kind }: ResourceInfo): string {
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64')
}
