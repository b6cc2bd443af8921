import { text } from 'node:stream/consumers'
import type { KubeList, KubeObject } from '#apimachinery/meta/v1/object.ts'
import { schemas } from '#apimachinery/meta/v1/schema.gen.ts'
import type { DeleteOptions } from '#apimachinery/meta/v1/types.gen.ts'
import { UpgradeRefusedError } from '#apimachinery/httpstream/dial-upgrade.ts'
import { dialRemoteCommandWebSocket } from '#apimachinery/httpstream/remotecommand/client.ts'
import { type Status, StatusError } from '#apimachinery/status/status.ts'
import { deepCopy } from '#apimachinery/value/json-value.ts'
import { requireOneOf } from '#base/known-fields.ts'
import type { Clock } from '#base/clock.ts'
import type { Client, CollectionRef, ObjectRef, PatchType, TypeRef, WatchEvent, WriteOptions } from '#client/client.ts'
import type { HTTPSTransport } from '#client/https-transport.ts'
import { stateAt } from '#client/past.ts'
import type { Transport } from '#client/transport.ts'
import { parseDuration } from './duration.ts'
import type { ObjectOf } from './kinds.ts'

export interface CallOptions {
  /** Gives the call up; it then rejects with the signal's reason. */
  signal?: AbortSignal
}

export interface PastRead {
  /**
   * Reads the past: a resourceVersion, a point in time, or how long ago, such as `5m`. States are kept for some minutes: see the option
   * `history`.
   */
  at?: string | number | Date | undefined
}

export interface PodRef {
  namespace?: string | undefined
  name: string
}

export interface LogOptions extends CallOptions {
  /** Needed when the pod has more than one. */
  container?: string
  previous?: boolean
  tailLines?: number
}

export interface ExecOptions extends CallOptions {
  /** Needed when the pod has more than one. */
  container?: string
  stdin?: string
}

export interface ExecResult {
  exitCode: number
  stdout: string
  stderr: string
}

/** What streams need: they go through the cluster's HTTPS port, as those of any other client do. */
export interface StreamAccess {
  url: string
  /** PEM. */
  ca: string
  certificate: string
  key: string
  clock: Clock
  /** @throws StatusError once the cluster was stopped */
  requireServer: () => void
  /** @throws StatusError once the cluster was stopped */
  transport: () => HTTPSTransport
}

/** Lets the compiler see which kind an object literal is of. */
type Kind<A extends string, K extends string> = { apiVersion: A; kind: K }

export interface ClusterClientOptions {
  client: Client
  /** Whether objects of a kind are in namespaces. */
  isNamespaced: (type: TypeRef) => boolean | Promise<boolean>
  streams: StreamAccess
  /** Knows which state was when. */
  transport: () => Transport
}

/**
 * The API as its administrator, typed by kind for built-in kinds. Without a namespace objects of namespaced kinds are in `default`; `list` and
 * `watch` then mean all namespaces. Objects that come back are the caller's own. Refusals of the server are StatusErrors; fields that a kind
 * does not have are refused, too, unless `fieldValidation` says otherwise.
 */
export class ClusterClient {
  readonly #client: Client
  readonly #options: ClusterClientOptions

  constructor(options: ClusterClientOptions) {
    this.#client = options.client
    this.#options = options
  }

  async create<A extends string, K extends string, T extends KubeObject>(
    object: T & Kind<A, K>,
    options: WriteOptions & CallOptions = {},
  ): Promise<ObjectOf<T & Kind<A, K>>> {
    return own(await this.#client.create<KubeObject>(await this.#placed(object), signalOf(options), strict(options)))
  }

  async get<const R extends ObjectRef>(ref: R & PastRead, options: CallOptions = {}): Promise<ObjectOf<R>> {
    const signal = signalOf(options)
    const [complete, exactVersion] = await Promise.all([this.complete(ref), this.#versionAt(ref, signal)])
    return own(await this.#client.get<KubeObject>({ ...complete, exactVersion }, signal))
  }

  async list<const R extends CollectionRef & { limit?: number; continue?: string; resourceVersion?: string }>(
    ref: R & PastRead,
    options: CallOptions = {},
  ): Promise<KubeList<ObjectOf<R> & KubeObject>> {
    requireType(ref)
    requireFields(ref, listFields)
    const signal = signalOf(options)
    const exactVersion = await this.#versionAt(ref, signal)
    return own(await this.#client.list({ ...ref, exactVersion }, signal))
  }

  /**
   * The present state as ADDED first, unless `resourceVersion` says from where on. Leaving the loop ends the watch. So does the server: after
   * half an hour to an hour, and when the loop is some ten thousand events behind.
   */
  async *watch<const R extends CollectionRef & { resourceVersion?: string; timeoutSeconds?: number }>(
    ref: R,
    options: CallOptions = {},
  ): AsyncGenerator<WatchEvent<ObjectOf<R> & KubeObject>, void, undefined> {
    requireType(ref)
    requireFields(ref, watchFields)
    const end = new AbortController()
    const signal = options.signal === undefined ? end.signal : AbortSignal.any([options.signal, end.signal])
    try {
      for await (const events of this.#client.watch<ObjectOf<R> & KubeObject>(ref, signal))
        for (const { type, object } of events) yield { type, object: own(object) }
    } finally {
      end.abort(new Error('the watch was left'))
    }
  }

  /** Replaces the object; `metadata.resourceVersion` must be the one read. */
  async update<A extends string, K extends string, T extends KubeObject>(
    object: T & Kind<A, K>,
    options: WriteOptions & CallOptions = {},
  ): Promise<ObjectOf<T & Kind<A, K>>> {
    return own(await this.#client.update<KubeObject>(await this.#placed(object), signalOf(options), strict(options)))
  }

  async patch<const R extends ObjectRef>(
    ref: R,
    patch: { type: PatchType; body: unknown; force?: boolean },
    options: WriteOptions & CallOptions = {},
  ): Promise<ObjectOf<R>> {
    requireOneOf('the type of a patch', patch?.type, ['json', 'merge', 'strategic', 'apply'])
    return own(await this.#client.patch<KubeObject>(await this.complete(ref), patch, signalOf(options), strict(options)))
  }

  /** Server-side apply, as field manager `coxswain` unless the options say otherwise. */
  async apply<A extends string, K extends string, T extends KubeObject>(
    object: T & Kind<A, K>,
    options: WriteOptions & CallOptions & { force?: boolean } = {},
  ): Promise<ObjectOf<T & Kind<A, K>>> {
    const { force = false, fieldManager = 'coxswain' } = options
    const body = await this.#placed(object)
    const written = { ...strict(options), fieldManager }
    return own(await this.#client.patch<KubeObject>(refOf(body), { type: 'apply', body, force }, signalOf(options), written))
  }

  /** Resolves when the server took the order; pods go when their grace period is over. */
  async delete(object: ObjectRef | KubeObject, options: CallOptions & Partial<DeleteOptions> = {}): Promise<void> {
    const { signal: _signal, ...rest } = options
    await this.#client.delete(await this.complete(object), signalOf(options), rest)
  }

  /** Deletes all that a selector chooses, or all there are; without a namespace in `default`. Resolves when the server took the orders. */
  async deleteCollection(ref: CollectionRef, options: CallOptions & Partial<DeleteOptions> = {}): Promise<void> {
    const { signal: _signal, ...rest } = options
    requireType(ref)
    requireFields(ref, collectionFields)
    await this.#client.deleteCollection(await this.#inNamespace(ref), signalOf(options), rest)
  }

  /** POST to a subresource with a body of another kind: `binding`, `eviction`, `token`. */
  async createSubresource<R>(ref: ObjectRef, subresource: string, body: unknown, options: CallOptions = {}): Promise<R> {
    return this.#client.createSubresource<R>(await this.complete(ref), subresource, body, signalOf(options))
  }

  /** What a container has logged so far. */
  async logs(pod: PodRef, options: LogOptions = {}): Promise<string> {
    const path = logPath(pod, options)
    const { body } = await this.#options.streams.transport().request({ method: 'GET', path }, signalOf(options))
    return typeof body === 'string' ? body : JSON.stringify(body)
  }

  /** What a container has logged and goes on to log, until it ends. Leaving the loop ends it, too. */
  async *followLogs(pod: PodRef, options: LogOptions = {}): AsyncGenerator<string, void, undefined> {
    const path = `${logPath(pod, options)}&follow=true`
    yield* this.#options.streams.transport().follow({ method: 'GET', path }, signalOf(options))
  }

  /** Runs a command in a container to its end. @throws StatusError when the server refuses it; Error when it cannot be run */
  async exec(pod: PodRef, command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    // A string has words, too: its letters.
    if (!Array.isArray(command) || command.length === 0)
      throw new TypeError(`the command must be a list of words such as ['sh', '-c', 'date'], not ${JSON.stringify(command)}`)
    const { url, ca, certificate, key, clock, requireServer } = this.#options.streams
    requireServer()
    const { container, stdin } = options
    const target = new URL(`${url}${podPath(pod)}/exec`)
    for (const word of command) target.searchParams.append('command', word)
    for (const name of ['stdout', 'stderr', ...(stdin === undefined ? [] : ['stdin'])]) target.searchParams.set(name, 'true')
    if (container !== undefined) target.searchParams.set('container', container)
    const process = await dialRemoteCommandWebSocket(
      { url: target, tls: { ca, cert: certificate, key }, clock, signal: signalOf(options) },
      { stdin: stdin !== undefined, stdout: true, stderr: true, tty: false },
    ).catch(throwRefusal)
    process.stdin?.end(stdin)
    const [stdout, stderr, result] = await Promise.all([text(process.stdout!), text(process.stderr!), process.result])
    await process.close()
    if ('error' in result) throw new Error(result.error.message)
    return { exitCode: result.exitCode, stdout, stderr }
  }

  /** The resourceVersion for an exact read; undefined for a read of the present. */
  async #versionAt({ at }: PastRead, signal: AbortSignal): Promise<string | undefined> {
    if (at === undefined || (typeof at !== 'object' && /^\d+$/.test(String(at)))) return at?.toString()
    if (at instanceof Date && Number.isNaN(at.getTime())) throw new RangeError('at is an invalid Date')
    const time = typeof at === 'object' ? { timeMs: at.getTime() } : { agoMs: parseDuration(at) }
    return (await stateAt(this.#options.transport(), time, signal)).resourceVersion
  }

  /** The name of an object with its namespace. @throws TypeError for what names none */
  async complete(object: ObjectRef | KubeObject): Promise<ObjectRef> {
    requireType(object)
    if (!('metadata' in object)) requireFields(object, objectFields, metadataFields)
    const ref = 'metadata' in object ? refOf(object) : object
    if (typeof ref.name !== 'string' || ref.name === '')
      throw new TypeError(`no ${ref.kind} is named: ${wantedRef}, not ${JSON.stringify(object)}`)
    return this.#inNamespace(ref)
  }

  async #inNamespace<T extends TypeRef & { namespace?: string | undefined }>(ref: T): Promise<T> {
    return (ref.namespace ?? '') === '' && (await this.#options.isNamespaced(ref)) ? { ...ref, namespace: 'default' } : ref
  }

  async #placed<T extends KubeObject>(object: T): Promise<T> {
    requireType(object)
    if (typeof object.metadata !== 'object') throw new TypeError(`the ${object.kind} has no metadata: want at least metadata.name`)
    const { namespace } = await this.#inNamespace(refOf(object))
    return namespace === object.metadata.namespace ? object : { ...object, metadata: { ...object.metadata, namespace } }
  }
}

const never = new AbortController().signal

/** A copy, typed by kind. What the server answers in process is what it stores. */
function own<T>(object: unknown): T {
  return deepCopy(object) as T
}

function signalOf({ signal }: CallOptions): AbortSignal {
  return signal ?? never
}

export function refOf({ apiVersion, kind, metadata }: KubeObject): ObjectRef & TypeRef {
  return { apiVersion, kind, namespace: metadata.namespace, name: metadata.name }
}

const wantedRef = "want { apiVersion: 'v1', kind: 'Pod', name: 'web' }, or the object"

/** The compiler says so, too; not to those who write JavaScript. @throws TypeError */
function requireType(object: unknown): void {
  const { apiVersion, kind } = (object ?? {}) as Partial<TypeRef>
  if (typeof apiVersion === 'string' && apiVersion !== '' && typeof kind === 'string' && kind !== '') return
  throw new TypeError(`apiVersion and kind are missing: ${wantedRef}, not ${JSON.stringify(object)}`)
}

const typeFields = ['apiVersion', 'kind', 'namespace']
const collectionFields = new Set([...typeFields, 'labelSelector', 'fieldSelector'])
const listFields = new Set([...collectionFields, 'limit', 'continue', 'resourceVersion', 'at', 'exactVersion'])
const watchFields = new Set([...collectionFields, 'resourceVersion', 'timeoutSeconds', 'allowWatchBookmarks'])
const objectFields = new Set([...typeFields, 'name', 'at'])
/** Some spread the metadata of an object into what names it. */
const metadataFields = new Set(Object.keys(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']!.fields))

/** A selector that is misspelt would choose everything, and a namespace be `default`. @throws TypeError */
function requireFields(ref: object, known: ReadonlySet<string>, alsoTaken?: ReadonlySet<string>): void {
  for (const [name, value] of Object.entries(ref)) {
    if (!known.has(name) && alsoTaken?.has(name) !== true)
      throw new TypeError(`unknown field "${name}": known are ${[...known].join(', ')}`)
    if (name.endsWith('Selector') && value !== undefined && typeof value !== 'string')
      throw new TypeError(`${name} must be text such as "app=web", not ${JSON.stringify(value)}`)
  }
}

/** Tests want to know what they misspell. */
function strict<O extends WriteOptions>(options: O): O {
  return { fieldValidation: 'Strict', ...options }
}

/** What the server says in place of opening a stream is a Status as everywhere. */
function throwRefusal(error: unknown): never {
  if (error instanceof UpgradeRefusedError) {
    const status = statusOf(error.body)
    if (status !== undefined) throw new StatusError(status, { cause: error })
  }
  throw error
}

function statusOf(body: string): Status | undefined {
  try {
    const answer = JSON.parse(body) as Partial<Status> | null
    return answer?.kind === 'Status' ? (answer as Status) : undefined
  } catch {
    return undefined
  }
}

function logPath(pod: PodRef, { container, previous, tailLines }: LogOptions): string {
  const query = new URLSearchParams()
  if (container !== undefined) query.set('container', container)
  if (previous === true) query.set('previous', 'true')
  if (tailLines !== undefined) query.set('tailLines', String(tailLines))
  return `${podPath(pod)}/log?${query}`
}

function podPath(pod: PodRef): string {
  const { namespace = 'default', name } = pod ?? {}
  if (typeof name !== 'string' || name === '') throw new TypeError(`no Pod is named: want { name: 'web' }, not ${JSON.stringify(pod)}`)
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`
}
