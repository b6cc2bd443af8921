import { type KubeList, type KubeObject, keyOf } from '#apimachinery/meta/v1/object.ts'
import { isExpired, retryAfterMsOf } from '#apimachinery/status/status.ts'
import { abortable } from '#base/abortable.ts'
import { assert } from '#base/assert.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { because, type Cause, sightOf } from './cause.ts'
import type { Client, CollectionRef, WatchEvent } from './client.ts'

export type InformerEvent<T> = { type: 'add'; object: T } | { type: 'update'; object: T; old: T } | { type: 'delete'; object: T }

export type InformerHandler<T> = (event: InformerEvent<T>) => void

export interface InformerOptions {
  client: Client
  clock: Clock
  random: Random
  log: Logger
}

/** What an informer holds: immutable objects by key, in the order of their arrival, as of a version. */
export interface InformerState<T = KubeObject> {
  objects: ReadonlyMap<string, T>
  /** Keys of the objects of each entry of each index, in order. */
  indexes: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>
  /** Of the newest event that was seen, or of the list. */
  resourceVersion: string
  /** Up to which nothing else is to be seen, when that is known: where the first watch begins. */
  watchFrom?: string | undefined
  /** Rounds in a row that brought nothing. */
  failures: number
  /** When the watch began, as `monotonicMs` counts; long ago once it has brought something. */
  watchedSinceMs: number
}

const retryBaseMs = 100
const retryMaxMs = 30_000
/** A watch that ends sooner and without an event is a failure: watching again at once would spin. */
const shortWatchMs = 1_000

/** Resolves when each of them has its first list. @throws `signal.reason` when aborted before */
export async function waitForSync(informers: readonly { readonly synced: Promise<void> }[], signal: AbortSignal): Promise<void> {
  await abortable(Promise.all(informers.map(({ synced }) => synced)), signal)
}

interface Index<T> {
  keysOf(object: T): readonly string[]
  entries: Map<string, Map<string, T>>
}

/**
 * A local copy of a collection, kept true by list and watch (client-go's reflector, store and shared informer in one). Objects in it are
 * shared: never change them. An object that was replaced by another of its name while nobody looked is told as a deletion and an addition.
 */
export class Informer<T extends KubeObject> {
  readonly #options: InformerOptions
  readonly #ref: CollectionRef
  readonly #objects: Map<string, T>
  readonly #indexes = new Map<string, Index<T>>()
  /** Replaced as a whole: who comes or goes while an event is told does not change who is told of it. */
  #handlers: readonly InformerHandler<T>[] = []
  readonly #resumedIndexes: InformerState['indexes']
  #resourceVersion = ''
  /** Of the first watch. */
  #watchFrom: string | undefined
  readonly #synced = Promise.withResolvers<void>()
  #hasSynced = false
  #isWatching = false
  #failures: number
  #watchedSinceMs: number

  /** @param state of an informer that this one takes the place of: it then begins with a watch */
  constructor(ref: CollectionRef, options: InformerOptions, state?: InformerState<T>) {
    this.#ref = ref
    this.#options = options
    this.#objects = new Map(state?.objects)
    this.#resumedIndexes = state?.indexes ?? new Map()
    this.#resourceVersion = state?.resourceVersion ?? ''
    this.#watchFrom = state?.watchFrom
    this.#failures = state?.failures ?? 0
    this.#watchedSinceMs = state?.watchedSinceMs ?? 0
    if (state === undefined) return
    this.#hasSynced = true
    this.#synced.resolve()
  }

  /** A copy; undefined before the first list. */
  get state(): InformerState<T> | undefined {
    if (!this.#hasSynced) return undefined
    const keysOf = ({ entries }: Index<T>) => new Map([...entries].map(([name, objects]) => [name, [...objects.keys()]]))
    const indexes = new Map([...this.#indexes].map(([name, index]) => [name, keysOf(index)]))
    return {
      objects: new Map(this.#objects),
      indexes,
      resourceVersion: this.#resourceVersion,
      failures: this.#failures,
      watchedSinceMs: this.#watchedSinceMs,
    }
  }

  /** Resolves when the first list is in. */
  get synced(): Promise<void> {
    return this.#synced.promise
  }

  get hasSynced(): boolean {
    return this.#hasSynced
  }

  /** The newest version seen; '' before the first list. */
  get resourceVersion(): string {
    return this.#resourceVersion
  }

  /** The object of that `namespace/name` (or `name`). */
  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  list(): T[] {
    return [...this.#objects.values()]
  }

  values(): Iterable<T> {
    return this.#objects.values()
  }

  /** A watch is open, or was asked for: what happens is heard of. */
  get isWatching(): boolean {
    return this.#isWatching
  }

  get size(): number {
    return this.#objects.size
  }

  /** Adds an index, unless there is one of that name; `keysOf` names the entries an object belongs to. */
  addIndex(name: string, keysOf: (object: T) => readonly string[]): this {
    if (this.#indexes.has(name)) return this
    const index: Index<T> = { keysOf, entries: new Map() }
    this.#indexes.set(name, index)
    // An entry shows its objects in the order of their arrival, which another index of the same name has seen.
    for (const [entry, keys] of this.#resumedIndexes.get(name) ?? [])
      for (const key of keys) put(index, entry, key, this.#objects.get(key)!)
    for (const [key, object] of this.#objects) for (const entry of keysOf(object)) put(index, entry, key, object)
    return this
  }

  /** The objects of an entry. The index must have been added. */
  byIndex(name: string, entry: string): Iterable<T> {
    const index = this.#indexes.get(name)
    assert(index !== undefined, 'an index is added before it is asked', () => name)
    return index.entries.get(entry)?.values() ?? []
  }

  /**
   * Calls the handler for every object already here and for every change, until disposed, with the version that it is told of as the cause of
   * what it does. Handlers are synchronous; one that throws is broken, and ends `run` with its error.
   * @param options.isKnown the handler knows what is here: it is called for changes only
   */
  onChange(handler: InformerHandler<T>, options: { isKnown?: boolean } = {}): Disposable {
    if (options.isKnown !== true)
      for (const object of [...this.#objects.values()]) because(sightOf(object), () => handler({ type: 'add', object }))
    this.#handlers = [...this.#handlers, handler]
    return { [Symbol.dispose]: () => (this.#handlers = this.#handlers.filter(other => other !== handler)) }
  }

  /** Lists and watches until the signal is aborted; comes back from every failure of the connection, with back-off. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const received of this.#receive(signal)) {
      if ('items' in received) this.#replace(received)
      else
        for (const event of received) {
          this.#apply(event)
          if (signal.aborted) return
        }
    }
  }

  /** What the server tells: the whole collection when the version we have is unknown to it, else its changes. */
  async *#receive(signal: AbortSignal): AsyncGenerator<KubeList<T> | readonly WatchEvent<T>[], void, undefined> {
    const { client, clock, log } = this.#options
    while (!signal.aborted) {
      // A first watch of ours that begins where another one is, is that one.
      const goesOn = this.#watchFrom !== undefined
      if (!goesOn) this.#watchedSinceMs = clock.monotonicMs()
      let isStale = false
      let askedDelayMs = 0
      try {
        if (this.#resourceVersion === '') yield await client.list<T>(this.#ref, signal)
        if (!goesOn) this.#watchedSinceMs = clock.monotonicMs()
        const request = { ...this.#ref, resourceVersion: this.#watchFrom ?? this.#resourceVersion, allowWatchBookmarks: true }
        this.#watchFrom = undefined
        this.#isWatching = true
        for await (const events of client.watch<T>(request, signal)) {
          this.#watchedSinceMs = Number.NEGATIVE_INFINITY
          yield events
        }
      } catch (error) {
        if (signal.aborted) return
        isStale = isExpired(error)
        askedDelayMs = retryAfterMsOf(error)
        if (isStale) this.#resourceVersion = ''
        else log.warn('list or watch failed', { kind: this.#ref.kind, error })
      } finally {
        this.#isWatching = false
      }
      const failures = clock.monotonicMs() - this.#watchedSinceMs >= shortWatchMs ? 0 : this.#failures + 1
      this.#failures = failures
      if (failures > 1 || (failures === 1 && !isStale)) {
        await clock.sleep(Math.max(this.#retryDelayMs(failures), askedDelayMs), signal).catch(() => {})
      }
    }
  }

  #retryDelayMs(failures: number): number {
    return Math.min(retryBaseMs * 2 ** (failures - 1), retryMaxMs) * (0.5 + this.#options.random.next() / 2)
  }

  #replace({ items, metadata, apiVersion, kind }: KubeList<T>): void {
    const gone = new Set(this.#objects.keys())
    for (const item of items) {
      // Items of typed lists may come without these two.
      const object = item.kind === undefined ? { ...item, apiVersion, kind: kind.replace(/List$/, '') } : item
      gone.delete(keyOf(object))
      this.#put(object)
    }
    for (const key of gone) this.#remove(key, undefined)
    this.#resourceVersion = metadata.resourceVersion ?? ''
    this.#hasSynced = true
    this.#synced.resolve()
  }

  #apply({ type, object }: WatchEvent<T>): void {
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion
    if (type === 'BOOKMARK') return
    if (type === 'DELETED') this.#remove(keyOf(object), sightOf(object), object)
    else this.#put(object)
  }

  #put(object: T): void {
    const key = keyOf(object)
    let old = this.#objects.get(key)
    if (old !== undefined && old.metadata.uid !== object.metadata.uid) {
      this.#remove(key, sightOf(object))
      old = undefined
    }
    if (old !== undefined && old.metadata.resourceVersion === object.metadata.resourceVersion) return
    this.#objects.set(key, object)
    for (const index of this.#indexes.values()) reindex(index, key, old, object)
    this.#tell(old === undefined ? { type: 'add', object } : { type: 'update', object, old }, sightOf(object))
  }

  #remove(key: string, cause: Cause | undefined, last?: T): void {
    const old = this.#objects.get(key)
    if (old === undefined) return
    this.#objects.delete(key)
    for (const index of this.#indexes.values()) reindex(index, key, old, undefined)
    this.#tell({ type: 'delete', object: last ?? old }, cause)
  }

  #tell(event: InformerEvent<T>, cause: Cause | undefined): void {
    if (this.#handlers.length === 0) return
    because(cause, () => {
      for (const handler of this.#handlers) handler(event)
    })
  }
}

function reindex<T>({ keysOf, entries }: Index<T>, key: string, old: T | undefined, object: T | undefined): void {
  for (const name of old === undefined ? [] : keysOf(old)) {
    const entry = entries.get(name)
    entry?.delete(key)
    if (entry?.size === 0) entries.delete(name)
  }
  if (object === undefined) return
  for (const name of keysOf(object)) put({ entries }, name, key, object)
}

function put<T>({ entries }: Pick<Index<T>, 'entries'>, name: string, key: string, object: T): void {
  let entry = entries.get(name)
  if (entry === undefined) entries.set(name, (entry = new Map()))
  entry.set(key, object)
}
