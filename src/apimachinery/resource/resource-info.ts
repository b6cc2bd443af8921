/** What clients and server both know of a resource: its names and its shape. Declared once, under `src/api/<group>/<version>/resources.ts`. */
export interface ResourceInfo {
  /** '' for the core group. */
  group: string
  version: string
  kind: string
  /** As in URLs: `pods`. */
  resource: string
  singular: string
  shortNames?: readonly string[]
  categories?: readonly string[]
  namespaced: boolean
  /** Name of the object's message in the schema registry. */
  schema: string
}

export interface GroupVersion {
  group: string
  version: string
}

export interface GroupVersionKind extends GroupVersion {
  kind: string
}

export interface GroupResource {
  group: string
  resource: string
}

/** `v1`, `apps/v1`: the form of the `apiVersion` field. */
export function apiVersionOf({ group, version }: GroupVersion): string {
  return group === '' ? version : `${group}/${version}`
}

/** The opposite of `apiVersionOf`. */
export function parseAPIVersion(apiVersion: string): GroupVersion {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

/** The URL path of a collection or, with `name`, of one object; without `namespace` a namespaced resource means all namespaces. */
export function resourcePath(
  info: GroupVersion & { resource: string; namespaced: boolean },
  ref: { namespace?: string | undefined; name?: string | undefined; subresource?: string | undefined },
): string {
  const prefix = info.group === '' ? `/api/${info.version}` : `/apis/${info.group}/${info.version}`
  const namespace =
    info.namespaced && ref.namespace !== undefined && ref.namespace !== '' ? `/namespaces/${encodeURIComponent(ref.namespace)}` : ''
  const name = ref.name === undefined ? '' : `/${encodeURIComponent(ref.name)}`
  return `${prefix}${namespace}/${info.resource}${name}${ref.subresource === undefined ? '' : `/${ref.subresource}`}`
}
