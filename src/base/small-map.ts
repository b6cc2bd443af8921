/** So many entries are found faster one after the other than by their hash. */
const listedMax = 8

const none: readonly never[] = Object.freeze([])

/**
 * A Map, in the order of insertion, for thousands of holders of a few entries each: as long as they are few they are a list, which takes a
 * quarter of what a Map takes, and nothing at all when there are none.
 */
export class SmallMap<K, V> implements Iterable<[K, V]> {
  /** Each key with its value behind it. */
  #entries: readonly (K | V)[] | Map<K, V> = none

  constructor(entries: Iterable<readonly [K, V]> = none) {
    for (const [key, value] of entries) this.set(key, value)
  }

  get size(): number {
    return this.#entries instanceof Map ? this.#entries.size : this.#entries.length / 2
  }

  get(key: K): V | undefined {
    const entries = this.#entries
    if (entries instanceof Map) return entries.get(key)
    const at = indexOf(entries, key)
    return at < 0 ? undefined : (entries[at + 1] as V)
  }

  has(key: K): boolean {
    const entries = this.#entries
    return entries instanceof Map ? entries.has(key) : indexOf(entries, key) >= 0
  }

  set(key: K, value: V): this {
    const entries = this.#entries
    if (entries instanceof Map) {
      entries.set(key, value)
      return this
    }
    const at = indexOf(entries, key)
    // Lists are replaced by such as have no room to spare.
    if (at >= 0) this.#entries = entries.with(at + 1, value)
    else if (this.size < listedMax) this.#entries = entries.concat([key, value])
    else this.#entries = new Map(this).set(key, value)
    return this
  }

  /** @returns whether there was one */
  delete(key: K): boolean {
    const entries = this.#entries
    if (entries instanceof Map) return entries.delete(key)
    const at = indexOf(entries, key)
    if (at >= 0) this.#entries = entries.length === 2 ? none : entries.toSpliced(at, 2)
    return at >= 0
  }

  clear(): void {
    this.#entries = none
  }

  *keys(): Generator<K, void, undefined> {
    for (const [key] of this) yield key
  }

  *values(): Generator<V, void, undefined> {
    for (const [, value] of this) yield value
  }

  /** What is there when it is begun, as long as the entries are few. */
  *[Symbol.iterator](): Generator<[K, V], void, undefined> {
    const entries = this.#entries
    if (entries instanceof Map) yield* entries
    else for (let at = 0; at < entries.length; at += 2) yield [entries[at] as K, entries[at + 1] as V]
  }
}

function indexOf<K>(entries: readonly unknown[], key: K): number {
  for (let at = 0; at < entries.length; at += 2) if (entries[at] === key) return at
  return -1
}
