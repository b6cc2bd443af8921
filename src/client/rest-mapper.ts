import { apiVersionOf, type GroupVersion, parseAPIVersion, type ResourceInfo } from '#apimachinery/resource/resource-info.ts'
import type { APIResourceList } from '#apimachinery/meta/v1/types.gen.ts'
import { isNotFound } from '#apimachinery/status/status.ts'
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

/** Finds the URL of a kind: first among the declarations it was made with, then in the server's discovery, which it remembers. */
export class RESTMapper {
  /** By API version, then kind. */
  readonly #known = new Map<string, Map<string, ResourceMapping>>()
  readonly #transport: Transport

  constructor(transport: Transport, declared: Iterable<ResourceMapping>) {
    this.#transport = transport
    for (const info of declared) this.#remember(apiVersionOf(info), info)
  }

  /** Synchronous when the kind is known. @throws NoMatchError; StatusError from discovery */
  mappingOf(ref: TypeRef, signal: AbortSignal): ResourceMapping | Promise<ResourceMapping> {
    return this.#find(ref) ?? this.#discover(ref, signal)
  }

  #find({ apiVersion, kind }: TypeRef): ResourceMapping | undefined {
    return this.#known.get(apiVersion)?.get(kind)
  }

  #remember(apiVersion: string, mapping: ResourceMapping): void {
    let kinds = this.#known.get(apiVersion)
    if (kinds === undefined) this.#known.set(apiVersion, (kinds = new Map()))
    kinds.set(mapping.kind, mapping)
  }

  async #discover(ref: TypeRef, signal: AbortSignal): Promise<ResourceMapping> {
    const { group, version } = parseAPIVersion(ref.apiVersion)
    for (const { name, kind, namespaced } of await this.#resourcesOf({ group, version }, signal)) {
      if (name.includes('/')) continue
      this.#remember(ref.apiVersion, { group, version, kind, resource: name, namespaced })
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
