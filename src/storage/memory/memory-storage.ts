import { assert } from '#base/assert.ts'
import { CopyOnWriteMap } from '#base/copy-on-write-map.ts'
import { EventBus, underPrefix } from '../event-bus.ts'
import { type KeyRange, rangeOf } from '../key-range.ts'
import { checkRevision } from '../revision-check.ts'
import {
  type CommitResult,
  type ListOptions,
  type ListResult,
  type Storage,
  StorageError,
  type StorageEvent,
  type StorageListener,
  type StoredValue,
  type Write,
} from '../storage.ts'

/** What a key was at some time and, through the older ones, before. Never changes, so that copies share it. */
interface Version<V> {
  readonly event: StorageEvent<V>
  readonly older: Version<V> | undefined
}

interface Pending<V> {
  event: StorageEvent<V>
  resolve: (result: CommitResult<V>) => void
}

/**
 * Storage in this process's memory, gone with it: the model that other engines are compared with. Values of any type stay what they are. A write is "durable" one microtask
 * after its commit, so that callers see the same order of things as with a disk.
 */
export class MemoryStorage<V = Uint8Array> implements Storage<V> {
  /** The newest version of each key, which leads to all that some readable revision needs. */
  #versions = new CopyOnWriteMap<string, Version<V>>()
  /** The keys of `#versions`, in order, but for those that came since somebody asked for a range. */
  #keys: string[] = []
  #newKeys: string[] = []
  /** Every visible event after the compacted revision. */
  #log: StorageEvent<V>[] = []
  #pending: Pending<V>[] = []
  #drained: Promise<void> = Promise.resolve()
  readonly #bus = new EventBus<V>()
  #assignedRevision = 0
  #revision = 0
  #compactedRevision = 0
  #closed = false

  /**
   * What an engine holds, as a storage of its own: reads and watches that may name an older revision than now find what they find there, when
   * the engine is of this kind, else only the present. Values are shared.
   */
  static async copyOf<V>(storage: Storage<V>): Promise<MemoryStorage<V>> {
    const copy = new MemoryStorage<V>()
    if (storage instanceof MemoryStorage) await copy.#copy(storage)
    else await copy.#read(storage)
    return copy
  }

  get revision(): number {
    return this.#revision
  }

  get compactedRevision(): number {
    return this.#compactedRevision
  }

  async get(key: string, options?: { revision?: number }): Promise<StoredValue<V> | undefined> {
    this.#checkOpen()
    const revision = options?.revision ?? this.#revision
    checkRevision(this, revision)
    return this.#valueAt(key, revision)
  }

  async list(prefix: string, options?: ListOptions): Promise<ListResult<V>> {
    this.#checkOpen()
    const revision = options?.revision ?? this.#revision
    checkRevision(this, revision)
    const limit = options?.limit ?? Number.POSITIVE_INFINITY
    const values: StoredValue<V>[] = []
    let remaining = 0
    for (const key of this.#keysIn(rangeOf(prefix, options?.startAfter))) {
      const value = this.#valueAt(key, revision)
      if (value === undefined) continue
      if (values.length < limit) values.push(value)
      else remaining++
    }
    return { values, revision, remaining }
  }

  async commit(write: Write<V>): Promise<CommitResult<V>> {
    this.#checkOpen()
    const newest = this.#valueAt(write.key, this.#assignedRevision)
    if ((newest?.modRevision ?? 0) !== write.expectedRevision) return { committed: false, current: newest }
    if (write.value === undefined && newest === undefined) return { committed: false, current: undefined }
    const revision = ++this.#assignedRevision
    const event: StorageEvent<V> = {
      type: write.value === undefined ? 'delete' : 'put',
      key: write.key,
      revision,
      value: write.value ?? newest!.value,
      createRevision: newest?.createRevision ?? revision,
      previousRevision: newest?.modRevision ?? 0,
    }
    this.#append(event)
    return new Promise(resolve => {
      this.#pending.push({ event, resolve })
      if (this.#pending.length === 1) this.#drained = Promise.resolve().then(() => this.#drain())
    })
  }

  async watch(options: { prefix: string; afterRevision: number }, listener: StorageListener<V>): Promise<Disposable> {
    this.#checkOpen()
    checkRevision(this, options.afterRevision)
    const history = underPrefix(this.#log.slice(options.afterRevision - this.#compactedRevision), options.prefix)
    const watch = this.#bus.add(options.prefix, this.#revision, listener)
    if (history.length > 0) listener(history)
    return watch
  }

  async compact(beforeRevision: number): Promise<void> {
    this.#checkOpen()
    if (beforeRevision <= this.#compactedRevision) return
    checkRevision(this, beforeRevision)
    this.#log.splice(0, beforeRevision - this.#compactedRevision)
    this.#compactedRevision = beforeRevision
    for (const [key, newest] of this.#versions) {
      const kept = since(beforeRevision, newest)
      if (kept === undefined) this.#versions.delete(key)
      else if (kept !== newest) this.#versions.set(key, kept)
    }
    this.#keys = this.#keys.filter(key => this.#versions.has(key))
    this.#newKeys = this.#newKeys.filter(key => this.#versions.has(key))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#drained
    this.#bus.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #append(event: StorageEvent<V>): void {
    const older = this.#versions.get(event.key)
    if (older === undefined) this.#newKeys.push(event.key)
    this.#versions.set(event.key, { event, older })
  }

  async #copy(other: MemoryStorage<V>): Promise<void> {
    // What is committed but not visible yet will be in a moment.
    while (other.#pending.length > 0) await other.#drained
    other.#checkOpen()
    this.#versions = other.#versions.copy()
    this.#keys = other.#keys
    this.#newKeys = [...other.#newKeys]
    this.#log = other.#log.slice()
    this.#revision = this.#assignedRevision = other.#revision
    this.#compactedRevision = other.#compactedRevision
  }

  async #read(other: Storage<V>): Promise<void> {
    const { revision, values } = await other.list('')
    for (const { key, value, modRevision, createRevision } of values)
      this.#append({ type: 'put', key, revision: modRevision, value, createRevision, previousRevision: 0 })
    this.#revision = this.#assignedRevision = this.#compactedRevision = revision
  }

  /** Makes what was committed since the last time visible, delivers it, then answers the writers. */
  #drain(): void {
    const pending = this.#pending
    this.#pending = []
    const events = pending.map(({ event }) => event)
    for (const event of events) this.#log.push(event)
    this.#revision = events.at(-1)!.revision
    assert(this.#log.length === this.#revision - this.#compactedRevision, 'the log has every event after the compacted revision')
    this.#bus.publish(events)
    for (const { event, resolve } of pending) resolve({ committed: true, revision: event.revision })
  }

  #valueAt(key: string, revision: number): StoredValue<V> | undefined {
    let version = this.#versions.get(key)
    while (version !== undefined && version.event.revision > revision) version = version.older
    const event = version?.event
    if (event === undefined || event.type === 'delete') return undefined
    return { key, value: event.value, modRevision: event.revision, createRevision: event.createRevision }
  }

  #keysIn(range: KeyRange): string[] {
    if (this.#newKeys.length > 0) {
      this.#keys = [...this.#keys, ...this.#newKeys].sort(byCodeUnits)
      this.#newKeys = []
    }
    return this.#keys.slice(this.#positionOf(range.from), range.end === undefined ? undefined : this.#positionOf(range.end))
  }

  /** How many keys come before `key`. */
  #positionOf(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#keys[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }

  #checkOpen(): void {
    if (this.#closed) throw new StorageError('Closed', 'cannot use storage: it is closed')
  }
}

/** The versions that reads at that revision and later ones find; undefined when they find none. */
function since<V>(revision: number, newest: Version<V>): Version<V> | undefined {
  const later: StorageEvent<V>[] = []
  let base: Version<V> | undefined = newest
  for (; base !== undefined && base.event.revision > revision; base = base.older) later.push(base.event)
  const isKept = base !== undefined && base.event.type !== 'delete'
  if (base === undefined || (isKept && base.older === undefined)) return newest
  const kept = isKept ? { event: base.event, older: undefined } : undefined
  return later.reduceRight<Version<V> | undefined>((older, event) => ({ event, older }), kept)
}

/** As strings compare with `<`. */
function byCodeUnits(left: string, right: string): number {
  return left < right ? -1 : 1
}
