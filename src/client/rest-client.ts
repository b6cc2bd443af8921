import { resourcePath } from '#apimachinery/resource/resource-info.ts'
import type { KubeList, KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { DeleteOptions } from '#apimachinery/meta/v1/types.gen.ts'
import { statusErrorOf } from '#apimachinery/status/status.ts'
import type {
  Client,
  CollectionRef,
  CreateOptions,
  ExactVersion,
  ObjectRef,
  PatchType,
  TypeRef,
  WatchEvent,
  WriteOptions,
} from './client.ts'
import type { ResourceMapping, RESTMapper } from './rest-mapper.ts'
import type { Transport } from './transport.ts'

const patchContentTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

type Query = Record<string, string | number | boolean | undefined>

/** The Client of every component: turns verbs into requests on any Transport. */
export class RESTClient implements Client {
  readonly #transport: Transport
  readonly #mapper: RESTMapper
  /** What writes are attributed to when the caller does not say. */
  readonly #fieldManager: string | undefined

  constructor(transport: Transport, mapper: RESTMapper, options: { fieldManager?: string } = {}) {
    this.#transport = transport
    this.#mapper = mapper
    this.#fieldManager = options.fieldManager
  }

  get<T extends KubeObject>(ref: ObjectRef & ExactVersion, signal: AbortSignal): Promise<T> {
    return this.#send('GET', this.#objectPath(ref, signal, exactQuery(ref)), signal)
  }

  list<T extends KubeObject>(
    ref: CollectionRef & ExactVersion & { limit?: number; continue?: string; resourceVersion?: string },
    signal: AbortSignal,
  ): Promise<KubeList<T>> {
    const { labelSelector, fieldSelector, limit, resourceVersion } = ref
    const query = { labelSelector, fieldSelector, limit, resourceVersion, continue: ref.continue, ...exactQuery(ref) }
    return this.#send('GET', this.#path(ref, signal, query), signal)
  }

  async *watch<T extends KubeObject>(
    ref: CollectionRef & { resourceVersion?: string; allowWatchBookmarks?: boolean; timeoutSeconds?: number },
    signal: AbortSignal,
  ): AsyncGenerator<readonly WatchEvent<T>[], void, undefined> {
    const { labelSelector, fieldSelector, resourceVersion, allowWatchBookmarks, timeoutSeconds } = ref
    const path = await this.#path(ref, signal, {
      watch: true,
      labelSelector,
      fieldSelector,
      resourceVersion,
      allowWatchBookmarks,
      timeoutSeconds,
    })
    for await (const frames of this.#transport.watch({ method: 'GET', path }, signal)) {
      const failed = frames.findIndex(({ type }) => type === 'ERROR')
      const events = (failed < 0 ? frames : frames.slice(0, failed)) as readonly WatchEvent<T>[]
      if (events.length > 0) yield events
      if (failed >= 0) throw statusErrorOf(frames[failed]!.object, 500)
    }
  }

  create<T extends KubeObject>(object: T, signal: AbortSignal, options: CreateOptions = {}): Promise<T> {
    const ref = { apiVersion: object.apiVersion, kind: object.kind, namespace: object.metadata.namespace }
    return this.#send('POST', this.#path(ref, signal, this.#writeQuery(options)), signal, { body: object })
  }

  update<T extends KubeObject>(object: T, signal: AbortSignal, options: WriteOptions = {}): Promise<T> {
    const path = this.#objectPath(refOf(object), signal, this.#writeQuery(options), options.subresource)
    return this.#send('PUT', path, signal, { body: object })
  }

  patch<T extends KubeObject>(
    ref: ObjectRef,
    patch: { type: PatchType; body: unknown; force?: boolean },
    signal: AbortSignal,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = this.#objectPath(ref, signal, { ...this.#writeQuery(options), force: patch.force }, options.subresource)
    return this.#send('PATCH', path, signal, { body: patch.body, contentType: patchContentTypes[patch.type] })
  }

  delete(ref: ObjectRef, signal: AbortSignal, options: Partial<DeleteOptions> = {}): Promise<unknown> {
    const path = this.#objectPath(ref, signal)
    return this.#send('DELETE', path, signal, { body: { apiVersion: 'v1', kind: 'DeleteOptions', ...options } })
  }

  async deleteCollection(ref: CollectionRef, signal: AbortSignal, options: Partial<DeleteOptions> = {}): Promise<void> {
    const { labelSelector, fieldSelector } = ref
    const path = this.#path(ref, signal, { labelSelector, fieldSelector })
    await this.#send('DELETE', path, signal, { body: { apiVersion: 'v1', kind: 'DeleteOptions', ...options } })
  }

  createSubresource<R>(ref: ObjectRef, subresource: string, body: unknown, signal: AbortSignal): Promise<R> {
    return this.#send('POST', this.#objectPath(ref, signal, {}, subresource), signal, { body })
  }

  #writeQuery({ fieldManager, dryRun, fieldValidation }: CreateOptions): Query {
    return { fieldManager: fieldManager ?? this.#fieldManager, dryRun: dryRun ? 'All' : undefined, fieldValidation }
  }

  /** Without its name, the request would mean the whole collection. */
  #objectPath(ref: ObjectRef, signal: AbortSignal, query: Query = {}, subresource?: string): Promise<string> | string {
    if (ref.name !== undefined && ref.name !== '') return this.#path(ref, signal, query, subresource)
    return Promise.reject(new Error(`cannot address a ${ref.kind}: resource name may not be empty`))
  }

  /** At once when the kind is known. */
  #path(ref: PathRef, signal: AbortSignal, query: Query = {}, subresource?: string): Promise<string> | string {
    const mapping = this.#mapper.mappingOf(ref, signal)
    if (mapping instanceof Promise) return mapping.then(found => pathOf(found, ref, query, subresource))
    try {
      return pathOf(mapping, ref, query, subresource)
    } catch (error) {
      // Who asks gets a promise, also for a name that no URL can have.
      return Promise.reject(error as Error)
    }
  }

  async #send<R>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: Promise<string> | string,
    signal: AbortSignal,
    content: { body?: unknown; contentType?: string } = {},
  ): Promise<R> {
    const request = { method, path: typeof path === 'string' ? path : await path, ...content }
    return (await this.#transport.request(request, signal)).body as R
  }
}

type PathRef = TypeRef & { namespace?: string | undefined; name?: string }

function pathOf(mapping: ResourceMapping, { namespace, name }: PathRef, query: Query, subresource: string | undefined): string {
  let path = resourcePath(mapping, { namespace, name, subresource })
  let separator = '?'
  for (const key in query) {
    const value = query[key]
    if (value === undefined || value === '') continue
    path += `${separator}${key}=${encodeQueryValue(String(value))}`
    separator = '&'
  }
  return path
}

/** As forms are encoded. Most values need no encoding. */
function encodeQueryValue(value: string): string {
  return /^[\w.-]+$/.test(value) ? value : new URLSearchParams([['', value]]).toString().slice(1)
}

function exactQuery({ exactVersion }: ExactVersion): Query {
  return exactVersion === undefined ? {} : { resourceVersion: exactVersion, resourceVersionMatch: 'Exact' }
}

/** The reference that names an object. */
export function refOf(object: KubeObject): ObjectRef {
  return { apiVersion: object.apiVersion, kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name }
}
