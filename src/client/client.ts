import type { KubeList, KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { DeleteOptions } from '#apimachinery/meta/v1/types.gen.ts'

/** Names a kind: `{ apiVersion: 'v1', kind: 'Pod' }`. `ResourceInfo`s of `src/api` fit too, through `typeOf`. */
export interface TypeRef {
  apiVersion: string
  kind: string
}

export interface ObjectRef extends TypeRef {
  namespace?: string | undefined
  name: string
}

export interface CollectionRef extends TypeRef {
  /** All namespaces when left out. */
  namespace?: string | undefined
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
}

/** A read of the past, as the server still knows it. */
export interface ExactVersion {
  /** Shows the state of this resourceVersion, which may be any object's or list's, and no other. Expired (410) when it is too old. */
  exactVersion?: string | undefined
}

export interface CreateOptions {
  fieldManager?: string
  dryRun?: boolean
  /** What becomes of unknown and duplicate fields; by default they are ignored with a warning. */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore'
}

export interface WriteOptions extends CreateOptions {
  /** Acts on a subresource, for example `status`. */
  subresource?: string
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

/**
 * The API as typed verbs. Type parameters name the result; nothing is checked at run time. Every method throws StatusError for the server's
 * refusals (`isNotFound`, `isConflict`, … tell which) and rejects with the signal's reason when that is aborted.
 */
export interface Client {
  get<T extends KubeObject>(ref: ObjectRef & ExactVersion, signal: AbortSignal): Promise<T>
  list<T extends KubeObject>(
    ref: CollectionRef & ExactVersion & { limit?: number; continue?: string; resourceVersion?: string },
    signal: AbortSignal,
  ): Promise<KubeList<T>>
  /**
   * Events after `resourceVersion` (or the present state first, when it is left out). Throws StatusError `Expired` (410) when the server
   * no longer has that version, in the middle too. Ends when the server closes the watch. Events that came together are read together.
   */
  watch<T extends KubeObject>(
    ref: CollectionRef & { resourceVersion?: string; allowWatchBookmarks?: boolean; timeoutSeconds?: number },
    signal: AbortSignal,
  ): AsyncIterable<readonly WatchEvent<T>[]>
  create<T extends KubeObject>(object: T, signal: AbortSignal, options?: CreateOptions): Promise<T>
  /** Replaces the object; `metadata.resourceVersion` must be the one read. */
  update<T extends KubeObject>(object: T, signal: AbortSignal, options?: WriteOptions): Promise<T>
  patch<T extends KubeObject>(
    ref: ObjectRef,
    patch: { type: PatchType; body: unknown; force?: boolean },
    signal: AbortSignal,
    options?: WriteOptions,
  ): Promise<T>
  delete(ref: ObjectRef, signal: AbortSignal, options?: Partial<DeleteOptions>): Promise<unknown>
  deleteCollection(ref: CollectionRef, signal: AbortSignal, options?: Partial<DeleteOptions>): Promise<void>
  /** POST to a subresource with a body of another kind: `binding`, `eviction`, `token`. */
  createSubresource<R>(ref: ObjectRef, subresource: string, body: unknown, signal: AbortSignal): Promise<R>
}

export type WatchEvent<T extends KubeObject> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  /** Only `metadata.resourceVersion` is meaningful. */
  | { type: 'BOOKMARK'; object: T }
