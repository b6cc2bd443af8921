/**
 * A revisioned key-value log with etcd's semantics: one counter for the whole store, every write is one revision, reads and watches can
 * name a revision, compaction forgets superseded values. Engines: `memory/`, `sqlite/`.
 *
 * Keys are `/registry/<resource>/…` strings, ordered by code unit. Values are opaque, and never changed after they were given: bytes, where
 * they leave the process.
 */
export interface Storage<V = Uint8Array> extends AsyncDisposable {
  /** The newest revision that readers may see: durable, and delivered to every watcher. 0 for a fresh store. */
  readonly revision: number
  /** Reads at an older revision than this throw `Compacted`. */
  readonly compactedRevision: number

  /**
   * The value of `key` at `revision` (now, if left out); undefined when there is none.
   * @throws StorageError Compacted, FutureRevision
   */
  get(key: string, options?: { revision?: number }): Promise<StoredValue<V> | undefined>

  /**
   * The values under `prefix` in key order, at one revision.
   * @throws StorageError Compacted, FutureRevision
   */
  list(prefix: string, options?: ListOptions): Promise<ListResult<V>>

  /**
   * Writes one key if its newest revision is the expected one. The expectation is checked, and the revision given, at the moment of the
   * call, in call order; the promise resolves when the write is durable and after every watcher has been called with it.
   * A missed expectation is an answer, not an error; so is a delete of what does not exist.
   * @throws StorageError Closed, Failed (the disk refused; this and every later write is lost, reads go on)
   */
  commit(write: Write<V>): Promise<CommitResult<V>>

  /**
   * Calls `listener` synchronously with every event under `prefix` after `afterRevision`, in revision order, without gap or repeat, and
   * only once they are durable. History comes first, perhaps before this returns. Resolves when the listener has seen everything up to the
   * `revision` at that moment. A listener must not throw; it may call every method.
   * @throws StorageError Compacted, FutureRevision
   */
  watch(options: { prefix: string; afterRevision: number }, listener: StorageListener<V>): Promise<Disposable>

  /**
   * Forgets values superseded or deleted at or before `beforeRevision`, at which reads still work. Idempotent; a smaller revision than
   * before is a no-op.
   * @throws StorageError FutureRevision, Failed
   */
  compact(beforeRevision: number): Promise<void>

  /** Waits for writes under way, then frees everything. Idempotent. */
  close(): Promise<void>
}

export interface StoredValue<V = Uint8Array> {
  key: string
  value: V
  /** Revision of the write that made this value. */
  modRevision: number
  /** Revision of the write that created the key. */
  createRevision: number
}

export interface ListOptions {
  revision?: number
  /** At most this many values; all, if left out. */
  limit?: number
  /** Only keys after this one (not itself). */
  startAfter?: string
}

export interface ListResult<V = Uint8Array> {
  values: StoredValue<V>[]
  /** The revision at which the list is true. */
  revision: number
  /** How many keys under the prefix come after the last value returned. */
  remaining: number
}

/** `expectedRevision` is the key's modRevision, or 0 for "must not exist". Without `value` the key is deleted. */
export interface Write<V = Uint8Array> {
  key: string
  expectedRevision: number
  value?: V
}

export type CommitResult<V = Uint8Array> =
  | { committed: true; revision: number }
  /** `current` is the newest value, which may belong to a write that is not durable yet; undefined when the key does not exist. */
  | { committed: false; current: StoredValue<V> | undefined }

export interface StorageEvent<V = Uint8Array> {
  type: 'put' | 'delete'
  key: string
  revision: number
  /** The value written; for a delete, the last value the key had. */
  value: V
  createRevision: number
  /** modRevision of the value replaced or deleted; 0 when the key was created. */
  previousRevision: number
}

export type StorageListener<V = Uint8Array> = (events: readonly StorageEvent<V>[]) => void

export type StorageErrorCode = 'Compacted' | 'FutureRevision' | 'Closed' | 'Failed'

/** What can go wrong in storage; see each method for which code it throws. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
