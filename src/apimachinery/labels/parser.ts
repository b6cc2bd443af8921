import { newBadRequest } from '../status/status.ts'
import { labelKeyError, type Operator, Requirement } from './requirement.ts'

type TokenType = 'end' | 'error' | 'identifier' | 'in' | 'notin' | ')' | '(' | ',' | '!' | '==' | '=' | '>' | '<' | '!='

interface Token {
  type: TokenType
  literal: string
}

const symbols: ReadonlySet<string> = new Set([')', '(', ',', '!', '==', '=', '>', '<', '!='])
const special = /[=!(),><]/
const word = /[^=!(),>< \t\r\n]+/y

function scan(text: string): Token[] {
  const tokens: Token[] = []
  let position = 0
  while (position < text.length) {
    const character = text[position]!
    if (/[ \t\r\n]/.test(character)) {
      position++
    } else if (special.test(character)) {
      const two = text.slice(position, position + 2)
      const literal = symbols.has(two) ? two : character
      tokens.push({ type: literal as TokenType, literal })
      position += literal.length
    } else {
      word.lastIndex = position
      const literal = word.exec(text)?.[0] ?? character
      tokens.push({ type: literal === 'in' || literal === 'notin' ? literal : 'identifier', literal })
      position += literal.length
    }
  }
  tokens.push({ type: 'end', literal: '' })
  return tokens
}

const binaryOperators: Partial<Record<TokenType, Operator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
}

class SyntaxFault extends Error {}

class Parser {
  readonly #tokens: Token[]
  #position = 0

  constructor(text: string) {
    this.#tokens = scan(text)
  }

  /** `in` and `notin` are words like others where a key or value is expected. */
  #peek(words = true): Token {
    const token = this.#tokens[Math.min(this.#position, this.#tokens.length - 1)]!
    return words && (token.type === 'in' || token.type === 'notin') ? { type: 'identifier', literal: token.literal } : token
  }

  #next(words = true): Token {
    const token = this.#peek(words)
    this.#position++
    return token
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = []
    for (;;) {
      const token = this.#peek()
      if (token.type === 'end') return requirements
      if (token.type !== 'identifier' && token.type !== '!') {
        throw new SyntaxFault(`found '${token.literal}', expected: !, identifier, or 'end of string'`)
      }
      requirements.push(this.#requirement())
      const separator = this.#next()
      if (separator.type === 'end') return requirements
      if (separator.type !== ',') throw new SyntaxFault(`found '${separator.literal}', expected: ',' or 'end of string'`)
      const after = this.#peek()
      if (after.type !== 'identifier' && after.type !== '!') {
        throw new SyntaxFault(`found '${after.literal}', expected: identifier after ','`)
      }
    }
  }

  #requirement(): Requirement {
    try {
      return this.#parseRequirement()
    } catch (error) {
      throw new SyntaxFault(`unable to parse requirement: ${(error as Error).message}`)
    }
  }

  #parseRequirement(): Requirement {
    let token = this.#next()
    const negated = token.type === '!'
    if (negated) token = this.#next()
    if (token.type !== 'identifier') throw new SyntaxFault(`found '${token.literal}', expected: identifier`)
    const keyError = labelKeyError(token.literal)
    if (keyError !== undefined) throw new SyntaxFault(keyError)
    const key = token.literal
    const after = this.#peek()
    if (negated) return new Requirement(key, '!', [])
    if (after.type === 'end' || after.type === ',') return new Requirement(key, 'exists', [])
    const found = this.#next(false)
    const operator = binaryOperators[found.type]
    if (operator === undefined) throw new SyntaxFault(`found '${found.literal}', expected: in, notin, =, ==, !=, gt, lt`)
    const values = operator === 'in' || operator === 'notin' ? this.#valueList() : [this.#exactValue()]
    return new Requirement(key, operator, [...new Set(values)].sort())
  }

  #exactValue(): string {
    const { type } = this.#peek()
    if (type === 'end' || type === ',') return ''
    const token = this.#next()
    if (token.type !== 'identifier') throw new SyntaxFault(`found '${token.literal}', expected: identifier`)
    return token.literal
  }

  #valueList(): string[] {
    const open = this.#next()
    if (open.type !== '(') throw new SyntaxFault(`found '${open.literal}' expected: '('`)
    const first = this.#peek()
    if (first.type === ')') {
      this.#next()
      return ['']
    }
    if (first.type !== 'identifier' && first.type !== ',') {
      throw new SyntaxFault(`found '${first.literal}', expected: ',', ')' or identifier`)
    }
    const values = this.#identifiers()
    if (this.#next().type !== ')') throw new SyntaxFault(`found '${first.literal}', expected: ')'`)
    return values
  }

  /** A comma with nothing before or after it stands for an empty value. */
  #identifiers(): string[] {
    const values: string[] = []
    for (;;) {
      const token = this.#next()
      const after = this.#peek()
      if (token.type === 'identifier') {
        values.push(token.literal)
        if (after.type === ')') return values
        if (after.type !== ',') throw new SyntaxFault(`found '${after.literal}', expected: ',' or ')'`)
      } else if (token.type === ',') {
        if (values.length === 0) values.push('')
        if (after.type === ')' || after.type === ',') values.push('')
        if (after.type === ')') return values
      } else {
        throw new SyntaxFault(`found '${token.literal}', expected: ',', or identifier`)
      }
    }
  }
}

/** @throws StatusError BadRequest */
export function parseRequirements(text: string): Requirement[] {
  try {
    return new Parser(text).parse()
  } catch (error) {
    if (error instanceof SyntaxFault) throw newBadRequest(error.message)
    throw error
  }
}
