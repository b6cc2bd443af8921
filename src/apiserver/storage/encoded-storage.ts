import type { CommitResult, ListOptions, ListResult, Storage, StorageListener, StoredValue, Write } from '#storage/storage.ts'
import { type ObjectStorage, StoredObject } from './stored-object.ts'

/** Objects in an engine that keeps bytes. What is written here is decoded already when its event comes. */
export class EncodedStorage implements ObjectStorage {
  readonly #storage: Storage
  /** By the bytes of writes under way. The engine may keep these for long, so nothing stays here behind the write. */
  readonly #underWay = new WeakMap<Uint8Array, StoredObject>()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  get revision(): number {
    return this.#storage.revision
  }

  get compactedRevision(): number {
    return this.#storage.compactedRevision
  }

  async get(key: string, options?: { revision?: number }): Promise<StoredValue<StoredObject> | undefined> {
    const stored = await this.#storage.get(key, options)
    return stored && this.#decoded(stored)
  }

  async list(prefix: string, options?: ListOptions): Promise<ListResult<StoredObject>> {
    const result = await this.#storage.list(prefix, options)
    return { ...result, values: result.values.map(stored => this.#decoded(stored)) }
  }

  commit(write: Write<StoredObject>): Promise<CommitResult<StoredObject>> {
    const { value, ...rest } = write
    return value === undefined ? this.#remove(rest) : this.#put(rest, value)
  }

  watch(options: { prefix: string; afterRevision: number }, listener: StorageListener<StoredObject>): Promise<Disposable> {
    return this.#storage.watch(options, events => listener(events.map(event => this.#decoded(event))))
  }

  compact(beforeRevision: number): Promise<void> {
    return this.#storage.compact(beforeRevision)
  }

  close(): Promise<void> {
    return this.#storage.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #put(write: Omit<Write, 'value'>, value: StoredObject): Promise<CommitResult<StoredObject>> {
    const bytes = value.encode()
    if (value.object !== undefined) this.#underWay.set(bytes, StoredObject.encoded(bytes, value.object))
    try {
      return this.#answer(await this.#storage.commit({ ...write, value: bytes }))
    } finally {
      this.#underWay.delete(bytes)
    }
  }

  async #remove(write: Omit<Write, 'value'>): Promise<CommitResult<StoredObject>> {
    return this.#answer(await this.#storage.commit(write))
  }

  #answer(result: CommitResult): CommitResult<StoredObject> {
    return result.committed ? result : { committed: false, current: result.current && this.#decoded(result.current) }
  }

  #decoded<T extends { value: Uint8Array }>(stored: T): Omit<T, 'value'> & { value: StoredObject } {
    return { ...stored, value: this.#underWay.get(stored.value) ?? StoredObject.encoded(stored.value) }
  }
}
