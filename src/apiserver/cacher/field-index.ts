import type { CacheEvent } from './cache-event.ts'
import type { Cacher } from './cacher.ts'
import type { Entry } from './entry.ts'

/** The cached objects by the value of one of their selectable fields, such as the pods of a node. */
export class FieldIndex implements Disposable {
  readonly #field: string
  readonly #entries = new Map<string, Map<string, Entry>>()
  readonly #listening: Disposable

  constructor(cacher: Cacher, field: string) {
    this.#field = field
    for (const entry of cacher.list(cacher.keyPrefix)) this.#add(entry)
    this.#listening = cacher.listen(change => this.#apply(change))
  }

  /** In no particular order. */
  of(value: string): Iterable<Entry> {
    return this.#entries.get(value)?.values() ?? []
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
  }

  #apply({ type, entry, previous }: CacheEvent): void {
    if (previous !== undefined) this.#remove(previous)
    if (type !== 'DELETED') this.#add(entry)
  }

  #add(entry: Entry): void {
    const value = entry.fields[this.#field] ?? ''
    let same = this.#entries.get(value)
    if (same === undefined) this.#entries.set(value, (same = new Map()))
    same.set(entry.key, entry)
  }

  #remove(entry: Entry): void {
    const value = entry.fields[this.#field] ?? ''
    const same = this.#entries.get(value)
    same?.delete(entry.key)
    if (same?.size === 0) this.#entries.delete(value)
  }
}
