import { apiVersionOf, parseAPIVersion, type ResourceInfo } from '#apimachinery/resource/resource-info.ts'
import type { APIResourceList } from '#apimachinery/meta/v1/types.gen.ts'
import type { TypeRef } from './client.ts'
import type { Transport } from './transport.ts'

export type ResourceMapping = Pick<ResourceInfo, 'group' | 'version' | 'kind' | 'resource' | 'namespaced'>

/** Finds the URL of a kind: first among the declarations it was made with, then in the server's discovery, which it remembers. */
export class RESTMapper {
  readonly #known = new Map<string, ResourceMapping>()
  readonly #transport: Transport

  constructor(transport: Transport, declared: Iterable<ResourceMapping>) {
    this.#transport = transport
    for (const info of declared) this.#known.set(`${apiVersionOf(info)}/${info.kind}`, info)
  }

  /** Synchronous when the kind is known. @throws Error when the server does not serve it; StatusError from discovery */
  mappingOf(ref: TypeRef, signal: AbortSignal): ResourceMapping | Promise<ResourceMapping> {
    return this.#known.get(`${ref.apiVersion}/${ref.kind}`) ?? this.#discover(ref, signal)
  }

  async #discover(ref: TypeRef, signal: AbortSignal): Promise<ResourceMapping> {
    const { group, version } = parseAPIVersion(ref.apiVersion)
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
    const { body } = await this.#transport.request({ method: 'GET', path }, signal)
    for (const { name, kind, namespaced } of (body as APIResourceList).resources) {
      if (name.includes('/')) continue
      this.#known.set(`${ref.apiVersion}/${kind}`, { group, version, kind, resource: name, namespaced })
    }
    const found = this.#known.get(`${ref.apiVersion}/${ref.kind}`)
    if (found === undefined) throw new Error(`no matches for kind "${ref.kind}" in version "${ref.apiVersion}"`)
    return found
  }
}
