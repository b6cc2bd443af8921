import { CopyOnWriteMap } from '#base/copy-on-write-map.ts'

/** A Map that forgets what was not used for longest when it holds more than `entriesMax`. */
export class LRUMap<K, V> {
  /** From the one that was not used for longest to the newest. */
  #entries = new CopyOnWriteMap<K, V>()
  readonly #entriesMax: number

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  /** Another one that holds the same, which costs nothing until one of the two is used. */
  copy(): LRUMap<K, V> {
    const copy = new LRUMap<K, V>(this.#entriesMax)
    copy.#entries = this.#entries.copy()
    return copy
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  set(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#entriesMax) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }
}
