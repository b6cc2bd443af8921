/** Shared by all that are empty from the start: a Map takes its room before it holds anything. */
const nothing = new Map<never, never>()

/** A Map, in the order of insertion, whose copy costs nothing until one of the two changes; nor does one that is empty. */
export class CopyOnWriteMap<K, V> implements Iterable<[K, V]> {
  #entries: Map<K, V>
  /** Another one has the same entries: they are copied before the first change. */
  #isShared: boolean

  constructor(entries?: Iterable<readonly [K, V]>) {
    this.#entries = entries === undefined ? nothing : new Map(entries)
    this.#isShared = entries === undefined
  }

  /** Another map with the same entries, which then goes its own way. */
  copy(): CopyOnWriteMap<K, V> {
    const copy = new CopyOnWriteMap<K, V>()
    copy.#entries = this.#entries
    this.#isShared = true
    return copy
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  has(key: K): boolean {
    return this.#entries.has(key)
  }

  set(key: K, value: V): this {
    this.#own().set(key, value)
    return this
  }

  /** @returns whether there was one */
  delete(key: K): boolean {
    return this.#entries.has(key) && this.#own().delete(key)
  }

  /** Like the other iterators, shows what was there when it was asked for or what is there now, once the map changes. */
  keys(): MapIterator<K> {
    return this.#entries.keys()
  }

  values(): MapIterator<V> {
    return this.#entries.values()
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.#entries[Symbol.iterator]()
  }

  /** The entries, to change them. */
  #own(): Map<K, V> {
    if (this.#isShared) {
      this.#entries = new Map(this.#entries)
      this.#isShared = false
    }
    return this.#entries
  }
}
