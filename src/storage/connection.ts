import {
  type CommitResult,
  type ListOptions,
  type ListResult,
  type Storage,
  StorageError,
  type StorageListener,
  type StoredValue,
  type Write,
} from './storage.ts'
import type { StorageFaults } from './storage-faults.ts'

/**
 * Storage as one API server has it, which dies with that server: after `break` nothing reaches the storage any more, and nothing comes back.
 * Closing it closes the storage.
 */
export class StorageConnection<V = Uint8Array> implements Storage<V> {
  readonly #storage: Storage<V>
  readonly #faults: StorageFaults<V> | undefined
  readonly #watches = new Set<Disposable>()
  #isBroken = false

  constructor(storage: Storage<V>, faults?: StorageFaults<V>) {
    this.#storage = storage
    this.#faults = faults
  }

  get revision(): number {
    return this.#storage.revision
  }

  get compactedRevision(): number {
    return this.#storage.compactedRevision
  }

  get(key: string, options?: { revision?: number }): Promise<StoredValue<V> | undefined> {
    return this.#isBroken ? refused() : this.#storage.get(key, options)
  }

  list(prefix: string, options?: ListOptions): Promise<ListResult<V>> {
    return this.#isBroken ? refused() : this.#storage.list(prefix, options)
  }

  /** Writes that wait because of a fault are compared with what is expected when their turn comes. */
  commit(write: Write<V>): Promise<CommitResult<V>> {
    if (this.#isBroken) return refused()
    const admission = this.#faults?.admit(write)
    const turn = admission?.turn
    const result = turn === undefined ? this.#storage.commit(write) : turn.then(() => this.#commitUnlessBroken(write))
    return result.then(answer => {
      if (admission !== undefined && answer.committed) admission.made()
      // It may be made when the connection breaks, but nobody is there to be told.
      return this.#isBroken ? refused() : answer
    })
  }

  async watch(options: { prefix: string; afterRevision: number }, listener: StorageListener<V>): Promise<Disposable> {
    if (this.#isBroken) return refused()
    const watch = await this.#storage.watch(options, events => {
      if (!this.#isBroken) listener(events)
    })
    if (this.#isBroken) watch[Symbol.dispose]()
    else this.#watches.add(watch)
    return watch
  }

  compact(beforeRevision: number): Promise<void> {
    return this.#isBroken ? refused() : this.#storage.compact(beforeRevision)
  }

  /** As the death of the server does: writes under way may be made or not, and are not answered. Idempotent. */
  break(): void {
    this.#isBroken = true
    for (const watch of this.#watches) watch[Symbol.dispose]()
    this.#watches.clear()
  }

  async close(): Promise<void> {
    await this.#storage.close()
    this.#watches.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #commitUnlessBroken(write: Write<V>): Promise<CommitResult<V>> {
    return this.#isBroken ? refused() : this.#storage.commit(write)
  }
}

async function refused(): Promise<never> {
  throw new StorageError('Closed', 'cannot use storage: the connection is broken')
}
