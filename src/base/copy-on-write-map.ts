import { type Entries, hasKey, keysOf, noEntries, pairsOf, sizeOf, valueOf, valuesOf, withEntry, withoutKey } from './entries.ts'

/** A Map, in the order of insertion, whose copy costs nothing until one of the two changes. It is small as long as its entries are few. */
export class CopyOnWriteMap<K, V> implements Iterable<[K, V]> {
  #entries: Entries<K, V> = noEntries
  /** Another one has the same entries: they are copied before the first change. */
  #isShared = false

  constructor(entries?: Iterable<readonly [K, V]>) {
    for (const [key, value] of entries ?? []) this.set(key, value)
  }

  /** Another map with the same entries, which then goes its own way. */
  copy(): CopyOnWriteMap<K, V> {
    const copy = new CopyOnWriteMap<K, V>()
    copy.#entries = this.#entries
    this.#isShared = copy.#isShared = true
    return copy
  }

  get size(): number {
    return sizeOf(this.#entries)
  }

  get(key: K): V | undefined {
    return valueOf(this.#entries, key)
  }

  has(key: K): boolean {
    return hasKey(this.#entries, key)
  }

  set(key: K, value: V): this {
    this.#entries = withEntry(this.#own(), key, value)
    return this
  }

  /** @returns whether there was one */
  delete(key: K): boolean {
    const has = hasKey(this.#entries, key)
    if (has) this.#entries = withoutKey(this.#own(), key)
    return has
  }

  /** Like the other iterators, shows what was there when it was asked for or what is there now, once the map changes. */
  keys(): IterableIterator<K> {
    return keysOf(this.#entries)
  }

  values(): IterableIterator<V> {
    return valuesOf(this.#entries)
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return pairsOf(this.#entries)
  }

  /** The entries, to change them. */
  #own(): Entries<K, V> {
    if (!this.#isShared) return this.#entries
    this.#isShared = false
    // Lists are never changed.
    return this.#entries instanceof Map ? new Map(this.#entries) : this.#entries
  }
}
