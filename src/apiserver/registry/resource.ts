import type { GroupResource, GroupVersionKind, ResourceInfo } from '#apimachinery/resource/resource-info.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { FieldError } from '#apimachinery/validation/field-error.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { Cause } from '#client/cause.ts'

/**
 * What a resource does in the server. The generic server asks this declaration for everything: it never compares kinds. One is made per
 * resource in `src/registry/<group>/<resource>/`.
 */
export interface Resource<T extends KubeObject = KubeObject> {
  /** The version that is stored. */
  info: ResourceInfo
  /** Further versions of the same stored objects (events.k8s.io/v1 shows core/v1 Events). */
  otherVersions?: readonly OtherVersion[]
  strategy: Strategy<T>
  columns: readonly Column<T>[]
  /** Fields that `fieldSelector` may name, besides metadata.name and metadata.namespace. */
  selectableFields?: (object: T) => Record<string, string>
  /** Their names, for refusing others. Left out: what `selectableFields` answers for an object with nothing in it. */
  selectableFieldNames?: readonly string[]
  subresources?: Record<string, Subresource>
  /** Left out: all of them. A resource with only `create` and `onCreate` is not stored (TokenReview). */
  verbs?: readonly Verb[]
  /** Answers a create instead of storing it. */
  onCreate?: (object: T, context: RequestContext) => Promise<KubeObject>
  /** Objects disappear this long after their last write (Events). */
  ttlSeconds?: number
  /** Every answer carries it as a warning: since when the resource is deprecated, and what takes its place. */
  deprecation?: string
  /** Paths below which values are shown to nobody but readers of the object (`data` of Secrets). */
  secretFields?: readonly string[]
  /** DELETE answers the object as it was (Pods), instead of a Status. */
  returnsDeletedObject?: boolean
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

export interface OtherVersion {
  info: ResourceInfo
  fromStorage(object: KubeObject): KubeObject
  toStorage(object: KubeObject): KubeObject
  /** Left out: those of the stored version. */
  columns?: readonly Column<never>[]
}

/**
 * The life of an object in the server, in the order of the calls. `object` is a private copy that may be changed; `old` may not.
 * Methods are synchronous and pure but for what they do to `object` (and allocators behind `claim`).
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  /** Fills in defaults of the version; also applied to the objects of patches and applies. Idempotent. */
  applyDefaults?(object: T): void
  /** Clears what a creator may not set (status), sets what the server owns (generation). */
  prepareForCreate?(object: T, context: RequestContext): void
  validateCreate(object: T, context: RequestContext): FieldError[]
  warningsOnCreate?(object: T, context: RequestContext): string[]
  /** Takes things the object needs for itself (a cluster IP). Errors are the answer; `release` undoes it when the write does not happen. */
  claim?(object: T, old: T | undefined, context: RequestContext): { release(): void } | FieldError[] | undefined
  /** Copies back from `old` what this endpoint may not change, bumps the generation. */
  prepareForUpdate?(object: T, old: T, context: RequestContext): void
  validateUpdate(object: T, old: T, context: RequestContext): FieldError[]
  warningsOnUpdate?(object: T, old: T, context: RequestContext): string[]
  /** A PUT of an object that does not exist creates it. Default false. */
  allowCreateOnUpdate?: boolean
  /** A PUT without resourceVersion overwrites. Default true. */
  allowUnconditionalUpdate?: boolean
  /**
   * Default: deletion is immediate (finalizers aside). A number of seconds > 0 makes it graceful: the object stays, with deletionTimestamp
   * and deletionGracePeriodSeconds, until it is deleted again with 0. `requestedSeconds` is what the client asked for, if it did.
   */
  gracePeriodSeconds?(object: T, requestedSeconds: number | undefined): number
  /** Called once, when `object` (a private copy) gets its deletionTimestamp: a Namespace becomes Terminating. */
  prepareForDelete?(object: T, context: RequestContext): void
  /** Default: while metadata.finalizers has any. An object being deleted stays as long as this is true (Namespaces: spec.finalizers too). */
  hasFinalizers?(object: T): boolean
  /** Called after the object has left storage. */
  afterDelete?(object: T, context: RequestContext): void
  /** Paths (`['spec']`, `['status']`) that this endpoint resets, so that server-side apply does not own them. */
  resetFields?: readonly (readonly string[])[]
}

export type Subresource =
  /** The same object through another strategy: `status`, `ephemeralcontainers`, `resize`. */
  | { type: 'update'; strategy: Strategy<never>; kind?: GroupVersionKind }
  /** POST of another kind: `binding`, `eviction`, `token`. The body was decoded by `schema`. `name` is the parent's. */
  | {
      type: 'create'
      kind: GroupVersionKind
      schema: string
      create(body: KubeObject, name: string, context: RequestContext): Promise<KubeObject>
    }
  /** A raw answer or an upgraded connection: `log`, `exec`, `attach`, `portforward`, `proxy`. */
  | {
      type: 'connect'
      methods: readonly string[]
      kind: GroupVersionKind
      verb?: 'get'
      connect(name: string, context: ConnectContext): Promise<void>
    }

export interface Column<T extends KubeObject = KubeObject> {
  name: string
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  format?: 'name'
  /** 0: always shown; above: with `-o wide`. */
  priority: number
  description: string
  value(object: T, now: number): string | number | boolean
}

export interface UserInfo {
  name: string
  uid?: string
  groups: readonly string[]
  extra?: Record<string, string[]>
}

/** One request, as strategies, admission and subresources see it. */
export interface RequestContext {
  user: UserInfo
  /** Verb as RBAC knows it: `create`, `patch`, … */
  verb: string
  resource: GroupResource & { version: string }
  subresource: string | undefined
  namespace: string | undefined
  name: string | undefined
  dryRun: boolean
  fieldManager: string
  userAgent: string
  /** Why the sender acts, when it says so. */
  cause?: Cause | undefined
  clock: Clock
  random: Random
  signal: AbortSignal
  /** Becomes a `Warning` header each. */
  warn(text: string): void
  /** The stores of all resources: what subresources and admission use to read and write objects. */
  stores: StoreLookup
}

/** A connection that a `connect` subresource takes over; implemented by the HTTP front. */
export interface ConnectContext extends RequestContext {
  request: import('node:http').IncomingMessage | import('node:http2').Http2ServerRequest
  query: URLSearchParams
  /** Path after the subresource's name, for `proxy`. */
  rest: string
  /** Present for Upgrade requests (HTTP/1.1); then `response` must not be used. */
  upgrade?: { socket: import('node:stream').Duplex; head: Buffer }
  response: import('node:http').ServerResponse | import('node:http2').Http2ServerResponse
}

export interface StoreLookup {
  of<T extends KubeObject = KubeObject>(resource: GroupResource): Store<T>
}

/**
 * One resource's objects behind the API semantics (strategy, admission done by the caller, optimistic locking, graceful deletion,
 * finalizers). Errors are StatusErrors. Objects returned are shared: copy before changing.
 */
export interface Store<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>
  /** Throws NotFound. */
  get(namespace: string | undefined, name: string): Promise<T>
  /** What the watch cache holds now, synchronously; undefined when there is none. */
  peek(namespace: string | undefined, name: string): T | undefined
  list(namespace: string | undefined): Promise<T[]>
  /** As `list`, synchronously: what the watch cache holds now. */
  peekList(namespace: string | undefined): T[]
  /** The objects of all namespaces with that value of a selectable field, synchronously, at the price of those alone. */
  peekByField(field: string, value: string): T[]
  /** Another number whenever an object came, changed or went. */
  readonly generation: number
  create(object: T, context: RequestContext): Promise<T>
  /**
   * Reads, lets `change` make the new object, validates by `strategy` (default: the resource's own) and writes; retries on conflict unless
   * the caller fixed a resourceVersion. The fields of the object and of its metadata are `change`'s to set; what is in them is shared with
   * the old object: it may be replaced, never changed. Throws what `change` throws.
   */
  update(
    namespace: string | undefined,
    name: string,
    change: (shared: T) => T,
    context: RequestContext,
    options?: { strategy?: Strategy<T>; resourceVersion?: string },
  ): Promise<T>
  /** Graceful where the strategy says so; returns the object as it is now (still there) or was (gone). */
  delete(
    namespace: string | undefined,
    name: string,
    options: DeletionOptions,
    context: RequestContext,
  ): Promise<{ object: T; gone: boolean }>
}

export interface DeletionOptions {
  gracePeriodSeconds?: number
  preconditions?: { uid?: string; resourceVersion?: string }
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  dryRun?: boolean
}

/** Admission: `admit` may change the object, `validate` may only refuse, both by throwing StatusError. */
export interface AdmissionPlugin {
  name: string
  /** Called after defaulting and before validation, for create, update and delete (object undefined) and for connect. */
  admit?(request: AdmissionRequest): Promise<void> | void
  validate?(request: AdmissionRequest): Promise<void> | void
}

export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  object: KubeObject | undefined
  old: KubeObject | undefined
  context: RequestContext
}
