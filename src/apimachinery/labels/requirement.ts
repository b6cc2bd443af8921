import { newBadRequest } from '../status/status.ts'
import { aggregateText, errorText, type FieldError, invalid, notSupported } from '../validation/field-error.ts'
import { ownField } from '../value/own-field.ts'
import { isQualifiedName, isValidLabelValue } from '../validation/formats.ts'

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
    const value = ownField(labels, this.key)
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

/** Checks a key as the parser does; the text of the error, or undefined. */
export function labelKeyError(key: string): string | undefined {
  const messages = isQualifiedName(key)
  return messages.length === 0 ? undefined : errorText(invalid('<nil>', key, messages.join('; ')))
}
