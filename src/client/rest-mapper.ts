import { apiVersionOf, type GroupVersion, parseAPIVersion, type ResourceInfo } from '#apimachinery/resource/resource-info.ts'
import type { APIResourceList } from '#apimachinery/meta/v1/types.gen.ts'
import { isNotFound } from '#apimachinery/status/status.ts'
import { CopyOnWriteMap } from '#base/copy-on-write-map.ts'
import type { TypeRef } from './client.ts'
import type { Transport } from './transport.ts'

export type ResourceMapping = Pick<ResourceInfo, 'group' | 'version' | 'kind' | 'resource' | 'namespaced'>

/** The server does not serve that kind. */
export class NoMatchError extends Error {
  override readonly name = 'NoMatchError'

  constructor({ apiVersion, kind }: TypeRef) {
    super(`no matches for kind "${kind}" in version "${apiVersion}"`)
  }
}

/** By API version, then kind. */
type Mappings = CopyOnWriteMap<string, Map<string, ResourceMapping>>

/** Many mappers begin with the same declarations: each list of them is read once. */
const declaredMappings = new WeakMap<Iterable<ResourceMapping>, Mappings>()

/** Finds the URL of a kind: first among the declarations it was made with, then in the server's discovery, which it remembers. */
export class RESTMapper {
  readonly #declared: Mappings
  readonly #discovered: Mappings = new CopyOnWriteMap()
  readonly #transport: Transport

  /** @param declared never changes */
  constructor(transport: Transport, declared: Iterable<ResourceMapping>) {
    this.#transport = transport
    this.#declared = declaredMappings.get(declared) ?? mappingsOf(declared)
  }

  /** Synchronous when the kind is known. @throws NoMatchError; StatusError from discovery */
  mappingOf(ref: TypeRef, signal: AbortSignal): ResourceMapping | Promise<ResourceMapping> {
    return this.#find(ref) ?? this.#discover(ref, signal)
  }

  #find({ apiVersion, kind }: TypeRef): ResourceMapping | undefined {
    return this.#declared.get(apiVersion)?.get(kind) ?? this.#discovered.get(apiVersion)?.get(kind)
  }

  async #discover(ref: TypeRef, signal: AbortSignal): Promise<ResourceMapping> {
    const { group, version } = parseAPIVersion(ref.apiVersion)
    for (const { name, kind, namespaced } of await this.#resourcesOf({ group, version }, signal)) {
      if (name.includes('/')) continue
      remember(this.#discovered, ref.apiVersion, { group, version, kind, resource: name, namespaced })
    }
    const found = this.#find(ref)
    if (found === undefined) throw new NoMatchError(ref)
    return found
  }

  async #resourcesOf({ group, version }: GroupVersion, signal: AbortSignal): Promise<APIResourceList['resources']> {
    const [groupPart, versionPart] = [encodeURIComponent(group), encodeURIComponent(version)]
    const path = group === '' ? `/api/${versionPart}` : `/apis/${groupPart}/${versionPart}`
    try {
      return ((await this.#transport.request({ method: 'GET', path }, signal)).body as APIResourceList).resources
    } catch (error) {
      if (isNotFound(error)) return []
      throw error
    }
  }
}

function mappingsOf(declared: Iterable<ResourceMapping>): Mappings {
  const mappings: Mappings = new CopyOnWriteMap()
  for (const mapping of declared) remember(mappings, apiVersionOf(mapping), mapping)
  declaredMappings.set(declared, mappings)
  return mappings
}

function remember(mappings: Mappings, apiVersion: string, mapping: ResourceMapping): void {
  let kinds = mappings.get(apiVersion)
  if (kinds === undefined) mappings.set(apiVersion, (kinds = new Map()))
  kinds.set(mapping.kind, mapping)
}
