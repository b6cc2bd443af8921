/**
 * Why a text is no JSON, in the words of Go's `encoding/json`. Only called for texts that `JSON.parse` refused.
 */
export function jsonSyntaxError(text: string): string {
  try {
    new Scanner(text).document()
  } catch (error) {
    if (error instanceof SyntaxFault) return error.message
    throw error
  }
  return 'invalid JSON'
}

class SyntaxFault extends Error {}

const depthMax = 10_000

class Scanner {
  readonly #text: string
  #position = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): void {
    this.#value()
    this.#space()
    if (this.#position < this.#text.length) this.#fail('after top-level value')
  }

  #fail(context: string): never {
    const character = this.#text.codePointAt(this.#position)
    if (character === undefined) throw new SyntaxFault('unexpected end of JSON input')
    throw new SyntaxFault(`invalid character ${quoteCharacter(character)} ${context}`)
  }

  #space(): void {
    while (' \t\r\n'.includes(this.#text[this.#position] ?? 'x')) this.#position++
  }

  #value(): void {
    this.#space()
    const character = this.#text[this.#position]
    if (character === '{') this.#nested(() => this.#object())
    else if (character === '[') this.#nested(() => this.#array())
    else if (character === '"') this.#string()
    else if (character === 't') this.#literal('true')
    else if (character === 'f') this.#literal('false')
    else if (character === 'n') this.#literal('null')
    else if (character !== undefined && /[-0-9]/.test(character)) this.#number()
    else this.#fail('looking for beginning of value')
  }

  #nested(read: () => void): void {
    if (++this.#depth > depthMax) throw new SyntaxFault('exceeded max depth')
    this.#position++
    read()
    this.#depth--
  }

  #object(): void {
    this.#space()
    if (this.#text[this.#position] === '}') {
      this.#position++
      return
    }
    for (;;) {
      this.#space()
      if (this.#text[this.#position] !== '"') this.#fail('looking for beginning of object key string')
      this.#string()
      this.#space()
      if (this.#text[this.#position] !== ':') this.#fail('after object key')
      this.#position++
      this.#value()
      this.#space()
      const separator = this.#text[this.#position]
      if (separator !== ',' && separator !== '}') this.#fail('after object key:value pair')
      this.#position++
      if (separator === '}') return
    }
  }

  #array(): void {
    this.#space()
    if (this.#text[this.#position] === ']') {
      this.#position++
      return
    }
    for (;;) {
      this.#value()
      this.#space()
      const separator = this.#text[this.#position]
      if (separator !== ',' && separator !== ']') this.#fail('after array element')
      this.#position++
      if (separator === ']') return
    }
  }

  #string(): void {
    this.#position++
    for (;;) {
      const character = this.#text[this.#position]
      if (character === undefined || character < ' ') this.#fail('in string literal')
      this.#position++
      if (character === '"') return
      if (character !== '\\') continue
      const escape = this.#text[this.#position]
      if (escape === undefined || !'"\\/bfnrtu'.includes(escape)) this.#fail('in string escape code')
      this.#position++
      if (escape !== 'u') continue
      for (let digit = 0; digit < 4; digit++) {
        if (!/[0-9a-fA-F]/.test(this.#text[this.#position] ?? '')) this.#fail('in \\u hexadecimal character escape')
        this.#position++
      }
    }
  }

  #literal(word: string): void {
    for (let index = 0; index < word.length; index++) {
      if (this.#text[this.#position] !== word[index]) this.#fail(`in literal ${word} (expecting ${quoteCharacter(word.charCodeAt(index))})`)
      this.#position++
    }
  }

  #digits(): void {
    while (/[0-9]/.test(this.#text[this.#position] ?? '')) this.#position++
  }

  #number(): void {
    if (this.#text[this.#position] === '-') this.#position++
    if (!/[0-9]/.test(this.#text[this.#position] ?? '')) this.#fail('in numeric literal')
    if (this.#text[this.#position] === '0') this.#position++
    else this.#digits()
    if (this.#text[this.#position] === '.') {
      this.#position++
      if (!/[0-9]/.test(this.#text[this.#position] ?? '')) this.#fail('after decimal point in numeric literal')
      this.#digits()
    }
    if (!/[eE]/.test(this.#text[this.#position] ?? '')) return
    this.#position++
    if (/[-+]/.test(this.#text[this.#position] ?? '')) this.#position++
    if (!/[0-9]/.test(this.#text[this.#position] ?? '')) this.#fail('in exponent of numeric literal')
    this.#digits()
  }
}

const named: Record<string, string> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
  "'": "\\'",
  '\\': '\\\\',
}

function quoteCharacter(code: number): string {
  const character = String.fromCodePoint(code)
  if (character === '"') return `'"'`
  const name = named[character]
  if (name !== undefined) return `'${name}'`
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, '0')}'`
  return `'${character}'`
}
