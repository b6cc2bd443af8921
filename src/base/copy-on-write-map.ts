import type { Entries } from './entries.ts'
import { SmallMap } from './small-map.ts'

/** A small map whose copy costs nothing until one of the two changes. */
export class CopyOnWriteMap<K, V> extends SmallMap<K, V> {
  /** Another one has the same entries: they are copied before the first change. */
  #isShared = false

  constructor(entries: Iterable<readonly [K, V]> = []) {
    super()
    for (const [key, value] of entries) this.set(key, value)
  }

  /** Another map with the same entries, which then goes its own way. */
  copy(): CopyOnWriteMap<K, V> {
    const copy = new CopyOnWriteMap<K, V>()
    copy.entries = this.entries
    this.#isShared = copy.#isShared = true
    return copy
  }

  override clear(): void {
    this.#isShared = false
    super.clear()
  }

  protected override own(): Entries<K, V> {
    if (!this.#isShared) return this.entries
    this.#isShared = false
    // Lists are never changed.
    return this.entries instanceof Map ? new Map(this.entries) : this.entries
  }
}
