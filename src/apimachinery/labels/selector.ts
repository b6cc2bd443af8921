import type { LabelSelector as MetaLabelSelector } from '../meta/v1/types.gen.ts'
import { newBadRequest } from '../status/status.ts'
import { quote } from '../text/quote.ts'
import { parseRequirements } from './parser.ts'
import { type Labels, type Operator, Requirement } from './requirement.ts'

export { type Labels, type Operator, Requirement }

/** Which objects, by their labels. Immutable. */
export class LabelSelector {
  /** Sorted by key. */
  readonly requirements: readonly Requirement[]
  readonly #nothing: boolean

  constructor(requirements: readonly Requirement[], nothing = false) {
    this.requirements = requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    this.#nothing = nothing
  }

  /** True when it selects everything. */
  get empty(): boolean {
    return !this.#nothing && this.requirements.length === 0
  }

  matches(labels: Labels): boolean {
    if (this.#nothing) return false
    for (const requirement of this.requirements) if (!requirement.matches(labels)) return false
    return true
  }

  /** The one value that the label must have; undefined when more are possible. */
  exactMatch(key: string): string | undefined {
    const requirement = this.requirements.find(candidate => candidate.key === key)
    if (requirement === undefined || requirement.values.length !== 1) return undefined
    return ['=', '==', 'in'].includes(requirement.operator) ? requirement.values[0] : undefined
  }

  and(other: LabelSelector): LabelSelector {
    return new LabelSelector([...this.requirements, ...other.requirements], this.#nothing || other.#nothing)
  }

  toString(): string {
    return this.requirements.join(',')
  }
}

export const everything = new LabelSelector([])
export const nothing = new LabelSelector([], true)

/**
 * Reads `app=web,tier in (a, b),!legacy,weight>3`.
 * @throws StatusError BadRequest in the words of k8s.io/apimachinery's `labels.Parse`
 */
export function parseLabelSelector(text: string): LabelSelector {
  return text === '' ? everything : new LabelSelector(parseRequirements(text))
}

/** Objects that have all these labels. */
export function selectorOfSet(labels: Labels): LabelSelector {
  return new LabelSelector(Object.entries(labels ?? {}).map(([key, value]) => new Requirement(key, '=', [value])))
}

const metaOperators: Record<string, Operator> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' }

/**
 * The selector of an API field. None selects nothing, an empty one everything.
 * @throws StatusError BadRequest when it is malformed
 */
export function selectorOf(selector: MetaLabelSelector | undefined): LabelSelector {
  if (selector === undefined) return nothing
  const requirements = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => new Requirement(key, '=', [value]))
  for (const expression of selector.matchExpressions ?? []) {
    const operator = metaOperators[expression.operator]
    if (operator === undefined) throw newBadRequest(`${quote(expression.operator)} is not a valid label selector operator`)
    requirements.push(new Requirement(expression.key, operator, expression.values ?? []))
  }
  return requirements.length === 0 ? everything : new LabelSelector(requirements)
}
