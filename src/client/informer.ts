import { type KubeObject, keyOf } from '#apimachinery/meta/v1/object.ts'
import { isExpired } from '#apimachinery/status/status.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client, CollectionRef } from './client.ts'

export type InformerEvent<T> = { type: 'add'; object: T } | { type: 'update'; object: T; old: T } | { type: 'delete'; object: T }

export type InformerHandler<T> = (event: InformerEvent<T>) => void

export interface InformerOptions {
  client: Client
  clock: Clock
  random: Random
  log: Logger
}

const retryBaseMs = 100
const retryMaxMs = 30_000

/**
 * A local copy of a collection, kept true by list and watch (client-go's reflector, store and shared informer in one). Objects in it are
 * shared: never change them.
 */
export class Informer<T extends KubeObject> {
  readonly #options: InformerOptions
  readonly #ref: CollectionRef
  readonly #objects = new Map<string, T>()
  readonly #handlers = new Set<InformerHandler<T>>()
  readonly #indexers = new Map<string, { keysOf: (object: T) => readonly string[]; entries: Map<string, Map<string, T>> }>()
  #resourceVersion = ''
  #synced = Promise.withResolvers<void>()
  #hasSynced = false

  constructor(ref: CollectionRef, options: InformerOptions) {
    this.#ref = ref
    this.#options = options
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

  get size(): number {
    return this.#objects.size
  }

  /** Adds an index before `run`; `keysOf` names the entries an object belongs to. */
  addIndex(name: string, keysOf: (object: T) => readonly string[]): this {
    this.#indexers.set(name, { keysOf, entries: new Map() })
    return this
  }

  byIndex(name: string, key: string): Iterable<T> {
    return this.#indexers.get(name)?.entries.get(key)?.values() ?? []
  }

  /** Calls the handler for every object already here and for every change, until disposed. Handlers are synchronous and do not throw. */
  onChange(handler: InformerHandler<T>): Disposable {
    for (const object of this.#objects.values()) handler({ type: 'add', object })
    this.#handlers.add(handler)
    return { [Symbol.dispose]: () => this.#handlers.delete(handler) }
  }

  /** Lists and watches until the signal is aborted; comes back from every failure, with back-off. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options
    let failures = 0
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === '') await this.#list(signal)
        await this.#watch(signal)
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        if (isExpired(error)) {
          this.#resourceVersion = ''
          continue
        }
        log.warn('list or watch failed', { kind: this.#ref.kind, error })
        const delayMs = Math.min(retryBaseMs * 2 ** failures++, retryMaxMs) * (0.5 + random.next() / 2)
        await clock.sleep(delayMs, signal).catch(() => {})
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { items, metadata, apiVersion: listVersion, kind: listKind } = await this.#options.client.list<T>(this.#ref, signal)
    const gone = new Set(this.#objects.keys())
    for (const item of items) {
      // Items of typed lists may come without these two.
      const object = item.kind === undefined ? { ...item, apiVersion: listVersion, kind: listKind.replace(/List$/, '') } : item
      gone.delete(keyOf(object))
      this.#put(object)
    }
    for (const key of gone) this.#remove(key)
    this.#resourceVersion = metadata.resourceVersion ?? ''
    this.#hasSynced = true
    this.#synced.resolve()
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const request = { ...this.#ref, resourceVersion: this.#resourceVersion, allowWatchBookmarks: true }
    for await (const { type, object } of this.#options.client.watch<T>(request, signal)) {
      this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion
      if (type === 'BOOKMARK') continue
      if (type === 'DELETED') this.#remove(keyOf(object), object)
      else this.#put(object)
    }
  }

  #put(object: T): void {
    const key = keyOf(object)
    const old = this.#objects.get(key)
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion && old !== undefined) return
    this.#objects.set(key, object)
    this.#reindex(key, old, object)
    this.#tell(old === undefined ? { type: 'add', object } : { type: 'update', object, old })
  }

  #remove(key: string, last?: T): void {
    const old = this.#objects.get(key)
    if (old === undefined) return
    this.#objects.delete(key)
    this.#reindex(key, old, undefined)
    this.#tell({ type: 'delete', object: last ?? old })
  }

  #reindex(key: string, old: T | undefined, object: T | undefined): void {
    for (const { keysOf, entries } of this.#indexers.values()) {
      for (const name of old === undefined ? [] : keysOf(old)) {
        const entry = entries.get(name)
        entry?.delete(key)
        if (entry?.size === 0) entries.delete(name)
      }
      for (const name of object === undefined ? [] : keysOf(object)) {
        let entry = entries.get(name)
        if (entry === undefined) entries.set(name, (entry = new Map()))
        entry.set(key, object!)
      }
    }
  }

  #tell(event: InformerEvent<T>): void {
    for (const handler of this.#handlers) handler(event)
  }
}
