import type { StorageEvent, StorageListener } from './storage.ts'

interface Watcher<V> {
  /** The newest revision this listener was offered. */
  seenRevision: number
  readonly listener: StorageListener<V>
}

const none: readonly never[] = []

/** Hands events to listeners by key prefix, synchronously. Events of one prefix are filtered once, however many listen. */
export class EventBus<V = Uint8Array> {
  readonly #watchers = new Map<string, Set<Watcher<V>>>()

  /** Calls `listener` with events after `afterRevision` until the answer is disposed of. Safe inside a listener. */
  add(prefix: string, afterRevision: number, listener: StorageListener<V>): Disposable {
    const watcher: Watcher<V> = { seenRevision: afterRevision, listener }
    const siblings = this.#watchers.get(prefix) ?? new Set()
    this.#watchers.set(prefix, siblings)
    siblings.add(watcher)
    return {
      [Symbol.dispose]: () => {
        siblings.delete(watcher)
        if (siblings.size === 0 && this.#watchers.get(prefix) === siblings) this.#watchers.delete(prefix)
      },
    }
  }

  /** Delivers events, which are in revision order and follow those published before. */
  publish(events: readonly StorageEvent<V>[]): void {
    const newest = events.at(-1)?.revision ?? 0
    for (const [prefix, watchers] of this.#watchers) {
      const matching = underPrefix(events, prefix)
      if (matching.length === 0) continue
      for (const watcher of watchers) {
        if (watcher.seenRevision >= newest) continue
        watcher.seenRevision = newest
        watcher.listener(matching)
      }
    }
  }

  /** Forgets every listener. */
  clear(): void {
    this.#watchers.clear()
  }
}

/** The events whose key starts with `prefix`; the given array itself when that is all of them. */
export function underPrefix<V>(events: readonly StorageEvent<V>[], prefix: string): readonly StorageEvent<V>[] {
  // Most writes come alone, and concern one of many prefixes.
  if (events.length === 1) return events[0]!.key.startsWith(prefix) ? events : none
  const isUnder = ({ key }: StorageEvent<V>) => key.startsWith(prefix)
  return events.every(isUnder) ? events : events.filter(isUnder)
}
