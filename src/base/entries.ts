/** So many entries are found faster one after the other than by their hash. */
const listedMax = 8

/**
 * What a map holds, in the order of insertion: as long as they are few a list, each key with its value behind it, which takes a quarter of what
 * a Map takes, and nothing at all when there are none. Lists are replaced and never changed.
 */
export type Entries<K, V> = readonly (K | V)[] | Map<K, V>

export const noEntries: readonly never[] = Object.freeze([])

export function sizeOf<K, V>(entries: Entries<K, V>): number {
  return entries instanceof Map ? entries.size : entries.length / 2
}

export function valueOf<K, V>(entries: Entries<K, V>, key: K): V | undefined {
  if (entries instanceof Map) return entries.get(key)
  const at = indexOf(entries, key)
  return at < 0 ? undefined : (entries[at + 1] as V)
}

export function hasKey<K, V>(entries: Entries<K, V>, key: K): boolean {
  return entries instanceof Map ? entries.has(key) : indexOf(entries, key) >= 0
}

/** Changes a Map. @returns what takes its place */
export function withEntry<K, V>(entries: Entries<K, V>, key: K, value: V): Entries<K, V> {
  if (entries instanceof Map) return entries.set(key, value)
  const at = indexOf(entries, key)
  if (at >= 0) return entries.with(at + 1, value)
  if (sizeOf(entries) < listedMax) return withPair(entries, key, value)
  return new Map(pairsOf<K, V>(entries)).set(key, value)
}

/** A list without room to spare. `concat` takes a third longer. */
function withPair<K, V>(entries: readonly (K | V)[], key: K, value: V): (K | V)[] {
  const { length } = entries
  if (length === 0) return [key, value]
  const list = new Array<K | V>(length + 2)
  for (let at = 0; at < length; at++) list[at] = entries[at]!
  list[length] = key
  list[length + 1] = value
  return list
}

/** Changes a Map. @returns what takes its place */
export function withoutKey<K, V>(entries: Entries<K, V>, key: K): Entries<K, V> {
  if (entries instanceof Map) {
    entries.delete(key)
    return entries
  }
  const at = indexOf(entries, key)
  if (at < 0) return entries
  return entries.length === 2 ? noEntries : entries.toSpliced(at, 2)
}

/** Those of a list are what is there now. */
export function keysOf<K, V>(entries: Entries<K, V>): IterableIterator<K> {
  return entries instanceof Map ? entries.keys() : (entries.filter((_, at) => at % 2 === 0) as K[]).values()
}

export function valuesOf<K, V>(entries: Entries<K, V>): IterableIterator<V> {
  return entries instanceof Map ? entries.values() : (entries.filter((_, at) => at % 2 === 1) as V[]).values()
}

export function pairsOf<K, V>(entries: Entries<K, V>): IterableIterator<[K, V]> {
  if (entries instanceof Map) return entries.entries()
  const pairs: [K, V][] = []
  for (let at = 0; at < entries.length; at += 2) pairs.push([entries[at] as K, entries[at + 1] as V])
  return pairs.values()
}

function indexOf(list: readonly unknown[], key: unknown): number {
  for (let at = 0; at < list.length; at += 2) if (list[at] === key) return at
  return -1
}
