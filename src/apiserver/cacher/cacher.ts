import { newResourceExpired, type Status } from '#apimachinery/status/status.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { StorageEvent, StoredValue } from '#storage/storage.ts'
import type { ObjectStorage, StoredObject } from '../storage/stored-object.ts'
import { CacheEvent } from './cache-event.ts'
import { CacheWatcher, type WatchReceiver } from './cache-watcher.ts'
import { Entry, type EntryKind } from './entry.ts'
import { EventHistory, type EventHistoryLimits } from './event-history.ts'
import { OrderedMap } from './ordered-map.ts'
import type { Selection } from './selection.ts'
import { WatchTurns } from './watch-turns.ts'
import { WatcherIndex } from './watcher-index.ts'

export interface CacherOptions {
  storage: ObjectStorage
  /** `/registry/pods/`: all keys of the resource, and only they, start with it. */
  keyPrefix: string
  kind: EntryKind
  clock: Clock
  random: Random
  history?: EventHistoryLimits
  turns?: WatchTurns
}

export interface WatchOptions {
  selection: Selection
  /** Show what changes after this revision, or from now on; undefined: show the present state first. */
  afterRevision: number | 'now' | undefined
  /** With the present state: a bookmark says when it is complete. */
  marksInitialEnd?: boolean
  allowBookmarks: boolean
  timeoutMs: number
}

/** What a cache shows at a revision, to go on from there over a copy of the storage. */
export interface CacherState {
  entries: OrderedMap<Entry>
  bytes: number
  revision: number
}

const defaultHistory: EventHistoryLimits = { eventsMax: 10_000, bytesMax: 8 * 1024 * 1024 }
const pageValues = 500
/** Resources whose objects have fewer bytes altogether keep them decoded. */
const decodedBytesMax = 1024 * 1024

/**
 * The watch cache of one resource: every object, decoded or in its served bytes, in key order, and the newest changes. What storage has
 * made visible is here at once, so that reads need no storage and see every write that was answered.
 */
export class Cacher implements Disposable {
  readonly keyPrefix: string
  readonly #storage: ObjectStorage
  readonly #kind: EntryKind
  readonly #clock: Clock
  readonly #random: Random
  readonly #entries: OrderedMap<Entry>
  readonly #watchers = new WatcherIndex()
  readonly #history: EventHistory
  readonly #turns: WatchTurns
  readonly #listeners = new Set<(change: CacheEvent) => void>()
  #lastChangeRevision: number
  #bytes = 0
  #storageWatch: Disposable | undefined
  #isDead = false

  private constructor(options: CacherOptions, revision: number, state?: CacherState) {
    this.#entries = new OrderedMap(state?.entries)
    this.keyPrefix = options.keyPrefix
    this.#storage = options.storage
    this.#kind = options.kind
    this.#clock = options.clock
    this.#random = options.random
    this.#history = new EventHistory(options.history ?? defaultHistory, revision)
    this.#turns = options.turns ?? new WatchTurns()
    this.#lastChangeRevision = revision
  }

  /**
   * Reads the resource's objects from storage and follows them from then on.
   * @param state of a cache that this one takes the place of: nothing is read when the storage is still at its revision
   */
  static async start(options: CacherOptions, state?: CacherState): Promise<Cacher> {
    const { storage, keyPrefix } = options
    const revision = storage.revision
    const isKnown = state?.revision === revision
    const cacher = new Cacher(options, revision, isKnown ? state : undefined)
    if (isKnown) cacher.#count(state.bytes)
    let startAfter: string | undefined
    while (!isKnown) {
      const page = await storage.list(keyPrefix, { revision, limit: pageValues, ...(startAfter !== undefined && { startAfter }) })
      for (const value of page.values) cacher.#put(cacher.toEntry(value))
      if (page.remaining === 0) break
      startAfter = page.values.at(-1)!.key
    }
    cacher.#storageWatch = await storage.watch({ prefix: keyPrefix, afterRevision: revision }, events => cacher.#apply(events))
    return cacher
  }

  /** A copy. Entries never change, and are shared. */
  get state(): CacherState {
    return { entries: new OrderedMap(this.#entries), bytes: this.#bytes, revision: this.revision }
  }

  /** The newest revision; every read is at it. */
  get revision(): number {
    return this.#storage.revision
  }

  /** Revision of the resource's newest change, at most. */
  get lastChangeRevision(): number {
    return this.#lastChangeRevision
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  /** In key order. */
  list(keyPrefix: string, startAfter?: string): Entry[] {
    return this.#entries.under(keyPrefix, startAfter)
  }

  /** An entry for a value that was read from storage. */
  toEntry({ key, modRevision, value }: StoredValue<StoredObject>): Entry {
    return Entry.of(this.#kind, key, modRevision, value)
  }

  /** An entry for a value written by us at that revision: the cached one, unless a later write came already. */
  writtenEntry(key: string, revision: number, value: StoredObject): Entry {
    const cached = this.#entries.get(key)
    return cached?.revision === revision ? cached : Entry.of(this.#kind, key, revision, value)
  }

  /** Calls `listener` synchronously with each change. It must not throw. */
  listen(listener: (change: CacheEvent) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }

  /**
   * Starts a watch; the receiver is called from now on, before this returns too.
   * @throws StatusError Expired when changes after the revision were forgotten already
   */
  watch(options: WatchOptions, receiver: WatchReceiver): CacheWatcher {
    const { selection } = options
    const afterRevision = options.afterRevision === 'now' ? this.revision : options.afterRevision
    if (afterRevision !== undefined && afterRevision < this.#history.floorRevision) {
      throw newResourceExpired(`too old resource version: ${afterRevision} (${this.#history.floorRevision})`)
    }
    const watcher = new CacheWatcher(
      {
        selection,
        receiver,
        initial: afterRevision === undefined ? this.list(selection.keyPrefix) : [],
        history: afterRevision === undefined ? [] : this.#history.after(afterRevision),
        revision: afterRevision ?? this.revision,
        marksInitialEnd: options.marksInitialEnd === true,
        allowBookmarks: options.allowBookmarks,
        timeoutMs: options.timeoutMs,
        newestRevision: () => this.revision,
        turns: this.#turns,
        onEnd: ended => this.#watchers.remove(ended),
      },
      this.#clock,
      this.#random,
    )
    this.#watchers.add(watcher)
    if (this.#isDead) watcher.break()
    else watcher.start()
    return watcher
  }

  /** Ends every watch; their clients may come again. @param error told to them before */
  endWatches(error?: Status): void {
    for (const watcher of this.#watchers) watcher.end(error)
  }

  /** Ends every watch as the server's death does, those that are about to start, too. */
  breakWatches(): void {
    this.#isDead = true
    for (const watcher of this.#watchers) watcher.break()
  }

  [Symbol.dispose](): void {
    this.endWatches()
    this.#storageWatch?.[Symbol.dispose]()
  }

  #put(entry: Entry): void {
    this.#count(entry.size - (this.#entries.get(entry.key)?.size ?? 0))
    this.#entries.set(entry)
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#kind.keepsDecoded = this.#bytes < decodedBytesMax
  }

  #apply(events: readonly StorageEvent<StoredObject>[]): void {
    for (const event of events) {
      const change = this.#changeOf(event)
      this.#lastChangeRevision = event.revision
      this.#history.push(change)
      this.#watchers.dispatch(change)
      for (const listener of this.#listeners) listener(change)
      change.forgetFrames()
    }
    this.#watchers.flush()
  }

  #changeOf(event: StorageEvent<StoredObject>): CacheEvent {
    const { key, revision, previousRevision, value } = event
    if (event.type === 'delete') {
      const previous = this.#entries.delete(key)
      this.#count(-(previous?.size ?? 0))
      const last = previous ?? Entry.of(this.#kind, key, previousRevision, value)
      return new CacheEvent('DELETED', revision, last.at(revision), previous)
    }
    const previous = this.#entries.get(key)
    const entry = Entry.of(this.#kind, key, revision, value)
    this.#put(entry)
    return new CacheEvent(previous === undefined ? 'ADDED' : 'MODIFIED', revision, entry, previous)
  }
}
