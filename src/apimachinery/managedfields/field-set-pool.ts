import { type FieldSet, isSameSet } from './field-set.ts'

const ownersMax = 256
const setsMax = 4

/** One copy of the sets that come again and again: what one component writes mostly has the same fields. */
export class FieldSetPool {
  /** By owner, the newest first. */
  readonly #sets = new Map<string, readonly FieldSet[]>()

  /** The same set, sorted as the given one, shared with others of that owner if there are any. */
  of(owner: string, set: FieldSet): FieldSet {
    const known = this.#sets.get(owner) ?? []
    const found = known.find(other => isSameSet(other, set))
    if (found !== undefined) return found
    // Anybody may call themselves anything.
    if (this.#sets.size >= ownersMax) this.#sets.clear()
    this.#sets.set(owner, [set, ...known.slice(0, setsMax - 1)])
    return set
  }
}
