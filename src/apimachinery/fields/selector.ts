import { newBadRequest } from '../status/status.ts'

export interface FieldRequirement {
  field: string
  operator: '=' | '!='
  value: string
}

/** Which objects, by values of a few of their fields. A field that an object does not have counts as ''. Immutable. */
export class FieldSelector {
  readonly requirements: readonly FieldRequirement[]

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements
  }

  /** True when it selects everything. */
  get empty(): boolean {
    return this.requirements.length === 0
  }

  matches(fields: Readonly<Record<string, string>>): boolean {
    for (const { field, operator, value } of this.requirements) if (((fields[field] ?? '') === value) !== (operator === '=')) return false
    return true
  }

  /** The one value that the field must have; undefined when more are possible. */
  exactMatch(field: string): string | undefined {
    return this.requirements.find(requirement => requirement.field === field && requirement.operator === '=')?.value
  }

  /** Drops what is known to hold, renames fields, or throws for fields that cannot be selected by. */
  transform(change: (requirement: FieldRequirement) => FieldRequirement | undefined): FieldSelector {
    return new FieldSelector(this.requirements.map(change).filter(requirement => requirement !== undefined))
  }

  toString(): string {
    return this.requirements
      .map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, character => `\\${character}`)}`)
      .join(',')
  }
}

export const everyField = new FieldSelector([])

/**
 * Reads `metadata.name=web,status.phase!=Running`. In values `\`, `,` and `=` are escaped by a backslash.
 * @throws StatusError BadRequest in the words of k8s.io/apimachinery's `fields.ParseSelector`
 */
export function parseFieldSelector(text: string): FieldSelector {
  if (text === '') return everyField
  const requirements: FieldRequirement[] = []
  for (const term of splitTerms(text).sort()) {
    if (term === '') continue
    const match = /!=|==|=/.exec(term)
    if (match === null) throw newBadRequest(`invalid selector: '${text}'; can't understand '${term}'`)
    const value = unescape(term.slice(match.index + match[0].length))
    requirements.push({ field: term.slice(0, match.index), operator: match[0] === '!=' ? '!=' : '=', value })
  }
  return new FieldSelector(requirements)
}

/** Objects whose field has that value. */
export function fieldEquals(field: string, value: string): FieldSelector {
  return new FieldSelector([{ field, operator: '=', value }])
}

function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === ',') {
      terms.push(text.slice(start, index))
      start = index + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

function unescape(text: string): string {
  if (!/[\\,=]/.test(text)) return text
  let result = ''
  const characters = Array.from(text)
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index]!
    if (character === '\\') {
      const escaped = characters[++index] ?? ''
      if (escaped === '' || !'\\,='.includes(escaped)) {
        throw newBadRequest(`invalid field selector: invalid escape sequence: \\${escaped}`)
      }
      result += escaped
    } else if (character === ',' || character === '=') {
      throw newBadRequest(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`)
    } else {
      result += character
    }
  }
  return result
}
