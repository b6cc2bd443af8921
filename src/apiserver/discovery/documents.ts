import { createHash } from 'node:crypto'
import type { APIGroup, APIResource } from '#apimachinery/meta/v1/types.gen.ts'
import { apiVersionOf } from '#apimachinery/resource/resource-info.ts'
import type { Route, RouteTable } from '../routes.ts'
import { compareGroups, compareVersions } from './group-order.ts'
import { apiResources, kindOf, subresourceVerbs, verbsOf } from './resource-list.ts'

/** One document of aggregated discovery. */
export interface AggregatedDocument {
  bytes: Buffer
  value: unknown
  /** Quoted, as in the header. */
  etag: string
}

/** What the server serves, in the forms in which clients ask for it. Made once, from the routes as they were. */
export class DiscoveryDocuments {
  /** By group, then version; versions are in order of preference. */
  readonly #groups = new Map<string, Map<string, Route[]>>()
  readonly #aggregated = new Map<string, AggregatedDocument>()

  constructor(routes: RouteTable) {
    const all = [...routes.all()]
    for (const group of [...new Set(all.map(route => route.info.group))].sort(compareGroups)) {
      const ofGroup = all.filter(route => route.info.group === group)
      const versions = [...new Set(ofGroup.map(route => route.info.version))].sort(compareVersions)
      const sorted = (version: string) =>
        ofGroup.filter(({ info }) => info.version === version).sort((a, b) => (a.info.resource < b.info.resource ? -1 : 1))
      this.#groups.set(group, new Map(versions.map(version => [version, sorted(version)])))
    }
  }

  /** The answer to `/api`. */
  coreVersions(serverAddress: string): object {
    return {
      kind: 'APIVersions',
      versions: [...(this.#groups.get('')?.keys() ?? [])],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
    }
  }

  /** The answer to `/apis`. */
  groupList(): object {
    const groups = [...this.#groups.keys()].filter(group => group !== '').map(group => this.#groupOf(group)!)
    return { kind: 'APIGroupList', apiVersion: 'v1', groups }
  }

  /** The answer to `/apis/<group>`. */
  group(name: string): object | undefined {
    const group = name === '' ? undefined : this.#groupOf(name)
    return group && { kind: 'APIGroup', apiVersion: 'v1', ...group }
  }

  /** The answer to `/api/v1` and `/apis/<group>/<version>`. */
  resourceList(group: string, version: string): object | undefined {
    const routes = this.#groups.get(group)?.get(version)
    if (routes === undefined) return undefined
    const resources: APIResource[] = routes.flatMap(apiResources).sort((a, b) => (a.name < b.name ? -1 : 1))
    const groupVersion = apiVersionOf({ group, version })
    return { kind: 'APIResourceList', ...(group !== '' && { apiVersion: 'v1' }), groupVersion, resources }
  }

  /** Everything in one document: the core group, or all others. */
  aggregated(part: 'core' | 'groups', version: 'v2' | 'v2beta1'): AggregatedDocument {
    const key = `${part} ${version}`
    let document = this.#aggregated.get(key)
    if (document === undefined) {
      const names = [...this.#groups.keys()].filter(group => (group === '') === (part === 'core'))
      const items = names.map(group => this.#aggregatedGroup(group))
      const value = { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items }
      const bytes = Buffer.from(`${JSON.stringify(value)}\n`)
      document = { bytes, value, etag: `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"` }
      this.#aggregated.set(key, document)
    }
    return document
  }

  #groupOf(name: string): Omit<APIGroup, 'kind' | 'apiVersion'> | undefined {
    const versions = this.#groups.get(name)
    if (versions === undefined) return undefined
    const list = [...versions.keys()].map(version => ({ groupVersion: `${name}/${version}`, version }))
    return { name, versions: list, preferredVersion: list[0] }
  }

  #aggregatedGroup(group: string): object {
    const versions = [...this.#groups.get(group)!].map(([version, routes]) => ({
      version,
      resources: routes.map(aggregatedResource),
      freshness: 'Current',
    }))
    return { metadata: group === '' ? {} : { name: group }, versions }
  }
}

function aggregatedResource(route: Route): object {
  const { info, resource } = route
  const subresources = Object.entries(resource.subresources ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([subresource, declared]) => ({ subresource, responseKind: kindOf(declared, info), verbs: subresourceVerbs(declared) }))
  return {
    resource: info.resource,
    responseKind: { group: info.group, version: info.version, kind: info.kind },
    scope: info.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: info.singular,
    verbs: verbsOf(route),
    ...(info.shortNames !== undefined && { shortNames: info.shortNames }),
    ...(info.categories !== undefined && { categories: info.categories }),
    ...(subresources.length > 0 && { subresources }),
  }
}
