import { type Entries, hasKey, keysOf, noEntries, pairsOf, sizeOf, valueOf, valuesOf, withEntry, withoutKey } from './entries.ts'

/** A Map, in the order of insertion, for thousands of holders of a few entries each: it is small as long as they are few. */
export class SmallMap<K, V> implements Iterable<[K, V]> {
  protected entries: Entries<K, V> = noEntries

  constructor(entries: Iterable<readonly [K, V]> = noEntries) {
    for (const [key, value] of entries) this.set(key, value)
  }

  get size(): number {
    return sizeOf(this.entries)
  }

  get(key: K): V | undefined {
    return valueOf(this.entries, key)
  }

  has(key: K): boolean {
    return hasKey(this.entries, key)
  }

  set(key: K, value: V): this {
    this.entries = withEntry(this.own(), key, value)
    return this
  }

  /** @returns whether there was one */
  delete(key: K): boolean {
    const has = hasKey(this.entries, key)
    if (has) this.entries = withoutKey(this.own(), key)
    return has
  }

  clear(): void {
    this.entries = noEntries
  }

  /** Like the other iterators, shows what was there when it was asked for or what is there now, once the map changes. */
  keys(): IterableIterator<K> {
    return keysOf(this.entries)
  }

  values(): IterableIterator<V> {
    return valuesOf(this.entries)
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return pairsOf(this.entries)
  }

  /** The entries, to change them. */
  protected own(): Entries<K, V> {
    return this.entries
  }
}
