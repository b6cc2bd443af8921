import type { LabelSelector as MetaLabelSelector } from '../meta/v1/types.gen.ts'
import { newBadRequest } from '../status/status.ts'
import { quote } from '../text/quote.ts'
import { aggregateText, errorText, type FieldError, invalid, notSupported } from '../validation/field-error.ts'
import { isQualifiedName, isValidLabelValue } from '../validation/formats.ts'
import { parseRequirements } from './parser.ts'

export type Labels = Readonly<Record<string, string>> | undefined

export type Operator = '!' | '=' | '==' | 'in' | '!=' | 'notin' | 'exists' | 'gt' | 'lt'

const operators: readonly Operator[] = ['in', 'notin', '=', '==', '!=', 'exists', '!', 'gt', 'lt']

/** One condition on one label. Values are kept as given; text shows them sorted. */
export class Requirement {
  readonly key: string
  readonly operator: Operator
  readonly values: readonly string[]
  readonly #number: bigint | undefined

  /** @throws StatusError BadRequest when key, operator and values do not fit together */
  constructor(key: string, operator: Operator, values: readonly string[]) {
    const errors = requirementErrors(key, operator, values)
    if (errors.length > 0) throw newBadRequest(aggregateText(errors))
    this.key = key
    this.operator = operator
    this.values = values
    this.#number = operator === 'gt' || operator === 'lt' ? parseInteger(values[0]!) : undefined
  }

  matches(labels: Labels): boolean {
    const value = labels?.[this.key]
    switch (this.operator) {
      case 'in':
      case '=':
      case '==':
        return value !== undefined && this.values.includes(value)
      case 'notin':
      case '!=':
        return value === undefined || !this.values.includes(value)
      case 'exists':
        return value !== undefined
      case '!':
        return value === undefined
      case 'gt':
      case 'lt': {
        const number = value === undefined ? undefined : parseInteger(value)
        if (number === undefined || this.#number === undefined) return false
        return this.operator === 'gt' ? number > this.#number : number < this.#number
      }
    }
  }

  toString(): string {
    const values = this.values.length > 1 ? this.values.toSorted().join(',') : (this.values[0] ?? '')
    switch (this.operator) {
      case 'exists':
        return this.key
      case '!':
        return `!${this.key}`
      case 'in':
      case 'notin':
        return `${this.key} ${this.operator} (${values})`
      case 'gt':
        return `${this.key}>${values}`
      case 'lt':
        return `${this.key}<${values}`
      default:
        return `${this.key}${this.operator}${values}`
    }
  }
}

/** A decimal int64, as Go's `strconv.ParseInt` takes it. */
function parseInteger(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined
  const value = BigInt(text.replace(/^\+/, ''))
  return BigInt.asIntN(64, value) === value ? value : undefined
}

function requirementErrors(key: string, operator: Operator, values: readonly string[]): FieldError[] {
  const errors: FieldError[] = []
  const keyErrors = isQualifiedName(key)
  if (keyErrors.length > 0) errors.push(invalid('key', key, keyErrors.join('; ')))
  const shown = values.length === 0 ? [] : values
  if (operator === 'in' || operator === 'notin') {
    if (values.length === 0) errors.push(invalid('values', shown, "for 'in', 'notin' operators, values set can't be empty"))
  } else if (operator === '=' || operator === '==' || operator === '!=') {
    if (values.length !== 1) errors.push(invalid('values', shown, 'exact-match compatibility requires one single value'))
  } else if (operator === 'exists' || operator === '!') {
    if (values.length !== 0) errors.push(invalid('values', shown, 'values set must be empty for exists and does not exist'))
  } else if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1) errors.push(invalid('values', shown, "for 'Gt', 'Lt' operators, exactly one value is required"))
    values.forEach((value, index) => {
      if (parseInteger(value) !== undefined) return
      errors.push(invalid(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"))
    })
  } else {
    errors.push(notSupported('operator', operator, operators))
  }
  values.forEach((value, index) => {
    const messages = isValidLabelValue(value)
    if (messages.length > 0) errors.push(invalid(`values[${index}][${key}]`, value, messages.join('; ')))
  })
  return errors
}

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

/** Checks a key as the parser does; the text of the error, or undefined. */
export function labelKeyError(key: string): string | undefined {
  const messages = isQualifiedName(key)
  return messages.length === 0 ? undefined : errorText(invalid('<nil>', key, messages.join('; ')))
}
