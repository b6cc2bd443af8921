import type { CacheEvent } from './cache-event.ts'
import type { CacheWatcher } from './cache-watcher.ts'

/** The watches of one resource, found by what they select, so that a change costs little for those it does not concern. */
export class WatcherIndex {
  /** Watches that must see every change. */
  readonly #everything = new Set<CacheWatcher>()
  /** By a field's name, then the one value that the watch wants. */
  readonly #byField = new Map<string, Map<string, Set<CacheWatcher>>>()
  #dirty: CacheWatcher[] = []

  add(watcher: CacheWatcher): void {
    this.#setFor(watcher).add(watcher)
  }

  remove(watcher: CacheWatcher): void {
    const { indexed } = watcher.selection
    const watchers = this.#setFor(watcher)
    watchers.delete(watcher)
    if (indexed === undefined || watchers.size > 0) return
    const values = this.#byField.get(indexed.field)
    values?.delete(indexed.value)
    if (values?.size === 0) this.#byField.delete(indexed.field)
  }

  dispatch(change: CacheEvent): void {
    for (const watcher of this.#everything) if (watcher.offer(change)) this.#dirty.push(watcher)
    for (const [field, values] of this.#byField) {
      const value = change.entry.fields[field] ?? ''
      this.#offer(values.get(value), change)
      const previous = change.previous?.fields[field] ?? ''
      if (change.previous !== undefined && previous !== value) this.#offer(values.get(previous), change)
    }
  }

  /** Lets the watches send what the changes since the last call gave them. */
  flush(): void {
    const dirty = this.#dirty
    if (dirty.length === 0) return
    this.#dirty = []
    for (const watcher of dirty) watcher.flush()
  }

  /** All of them, also those that end while they are gone through. */
  *[Symbol.iterator](): Generator<CacheWatcher, void, undefined> {
    yield* this.#everything
    for (const values of this.#byField.values()) for (const watchers of values.values()) yield* watchers
  }

  #offer(watchers: Set<CacheWatcher> | undefined, change: CacheEvent): void {
    if (watchers === undefined) return
    for (const watcher of watchers) if (watcher.offer(change)) this.#dirty.push(watcher)
  }

  #setFor(watcher: CacheWatcher): Set<CacheWatcher> {
    const { indexed } = watcher.selection
    if (indexed === undefined) return this.#everything
    let values = this.#byField.get(indexed.field)
    if (values === undefined) {
      values = new Map()
      this.#byField.set(indexed.field, values)
    }
    let watchers = values.get(indexed.value)
    if (watchers === undefined) {
      watchers = new Set()
      values.set(indexed.value, watchers)
    }
    return watchers
  }
}
