/** A Map, in the order of insertion, whose copy costs nothing until one of the two changes. */
export class CopyOnWriteMap<K, V> implements Iterable<[K, V]> {
  #entries: Map<K, V>
  /** Another one has the same entries: they are copied before the first change. */
  #isShared = false

  constructor(entries?: Iterable<readonly [K, V]>) {
    this.#entries = new Map(entries)
  }

  /** Another map with the same entries, which then goes its own way. */
  copy(): CopyOnWriteMap<K, V> {
    const copy = new CopyOnWriteMap<K, V>()
    copy.#entries = this.#entries
    this.#isShared = copy.#isShared = true
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
