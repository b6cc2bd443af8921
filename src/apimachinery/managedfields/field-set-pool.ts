import { shareEqual } from '../value/share-equal.ts'
import type { FieldSet } from './field-set.ts'

const ownersMax = 256
const modelsMax = 4

/**
 * One copy of the fields that come again and again: what one component writes mostly has the same ones, and where it has not (the address of
 * a pod is part of a field's name) most of its parts are the same.
 */
export class FieldSetPool {
  /** By owner: those that were of use last come first. */
  readonly #models = new Map<string, readonly FieldSet[]>()

  /** The same set, sorted as the given one, that shares with others of that owner what it can. */
  of(owner: string, set: FieldSet): FieldSet {
    const models = this.#models.get(owner) ?? []
    const useful: FieldSet[] = []
    let result = set
    for (const model of models) {
      const shared = shareEqual(result, model)
      if (shared !== result) useful.push(model)
      result = shared
      if (result === model) break
    }
    if (result === models[0]) return result
    // Anybody may call themselves anything.
    if (models.length === 0 && this.#models.size >= ownersMax) this.#models.clear()
    this.#models.set(owner, [...new Set([result, ...useful, ...models])].slice(0, modelsMax))
    return result
  }
}
