/** A piece of a word: text as it stands, or what takes its place. Between double quotes that is not split into words. */
export type Piece =
  | { text: string }
  | { variable: string; fallback: string; isQuoted: boolean }
  | { command: List; isQuoted: boolean }
  | { arithmetic: string; isQuoted: boolean }
export type Word = readonly Piece[]

export interface Redirect {
  from: 'stdin' | 'stdout' | 'stderr'
  /** A file, or the stream that it shall be the same as. */
  to: { file: Word; append: boolean } | { stream: 'stdout' | 'stderr' }
}

export type Command =
  | { type: 'simple'; assignments: readonly { name: string; value: Word }[]; words: readonly Word[]; redirects: readonly Redirect[] }
  | { type: 'loop'; until: boolean; condition: List; body: List }
  | { type: 'for'; variable: string; words: readonly Word[]; body: List }
  | { type: 'if'; condition: List; then: List; otherwise: List }
  | { type: 'group'; body: List }

/** Pipelines tied by `&&` and `||`. */
export interface Chain {
  first: Pipeline
  rest: readonly { when: 'success' | 'failure'; pipeline: Pipeline }[]
  background: boolean
}
export interface Pipeline {
  negated: boolean
  commands: readonly Command[]
}
export type List = readonly Chain[]

export class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError'
  /** More text could make it right. */
  readonly isIncomplete: boolean

  constructor(message: string, { isIncomplete = false }: { isIncomplete?: boolean } = {}) {
    super(message)
    this.isIncomplete = isIncomplete
  }
}

const unterminated = () => new ShellSyntaxError('syntax error: unterminated quoted string', { isIncomplete: true })

type Token = { type: 'word'; word: Word; plain: string | undefined } | { type: 'operator'; text: string } | { type: 'end' }

const operatorPattern = /^(?:&&|\|\||2>&1|1>&2|>&2|2>>|2>|>>|[;&|<>(){}\n])/
const reserved = new Set(['for', 'while', 'until', 'do', 'done', 'if', 'then', 'elif', 'else', 'fi', '!', '{', '}'])

/** Parses the part of the POSIX shell language that test pods use. @throws ShellSyntaxError for everything else */
export function parseShell(source: string): List {
  const parser = new Parser(tokenize(source))
  const list = parser.list([])
  parser.expectEnd()
  return list
}

class Parser {
  readonly #tokens: readonly Token[]
  #position = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  expectEnd(): void {
    if (this.#peek().type !== 'end') this.#fail()
  }

  list(terminators: readonly string[]): List {
    const chains: Chain[] = []
    for (;;) {
      while (this.#takeOperator(';', '\n') !== undefined);
      if (this.#peek().type === 'end' || terminators.some(each => this.#isKeyword(each)) || this.#isOperator(')')) return chains
      const chain = this.#chain()
      const end = this.#takeOperator(';', '\n', '&')
      chains.push({ ...chain, background: end === '&' })
      if (end === undefined) return chains
    }
  }

  #chain(): Omit<Chain, 'background'> {
    const first = this.#pipeline()
    const rest: { when: 'success' | 'failure'; pipeline: Pipeline }[] = []
    for (let operator = this.#takeOperator('&&', '||'); operator !== undefined; operator = this.#takeOperator('&&', '||')) {
      while (this.#takeOperator('\n') !== undefined);
      rest.push({ when: operator === '&&' ? 'success' : 'failure', pipeline: this.#pipeline() })
    }
    return { first, rest }
  }

  #pipeline(): Pipeline {
    const negated = this.#takeKeyword('!')
    const commands = [this.#command()]
    while (this.#takeOperator('|') !== undefined) commands.push(this.#command())
    return { negated, commands }
  }

  #command(): Command {
    if (this.#takeKeyword('for')) return this.#for()
    if (this.#takeKeyword('while')) return this.#loop(false)
    if (this.#takeKeyword('until')) return this.#loop(true)
    if (this.#takeKeyword('if')) return this.#if()
    if (this.#takeKeyword('{')) return { type: 'group', body: this.#until('}') }
    if (this.#takeOperator('(') !== undefined) {
      const body = this.list([])
      if (this.#takeOperator(')') === undefined) this.#fail()
      return { type: 'group', body }
    }
    return this.#simple()
  }

  #for(): Command {
    const name = this.#peek()
    if (name.type !== 'word' || name.plain === undefined) this.#fail()
    this.#position++
    if (!this.#takeKeyword('in')) this.#fail()
    const words: Word[] = []
    for (let token = this.#peek(); token.type === 'word'; token = this.#peek()) {
      words.push(token.word)
      this.#position++
    }
    while (this.#takeOperator(';', '\n') !== undefined);
    if (!this.#takeKeyword('do')) this.#fail()
    return { type: 'for', variable: name.plain, words, body: this.#until('done') }
  }

  #loop(until: boolean): Command {
    const condition = this.#until('do')
    return { type: 'loop', until, condition, body: this.#until('done') }
  }

  #if(): Command {
    const condition = this.#until('then')
    const then = this.list(['else', 'elif', 'fi'])
    if (this.#takeKeyword('elif')) {
      const nested: Pipeline = { negated: false, commands: [this.#if()] }
      return { type: 'if', condition, then, otherwise: [{ first: nested, rest: [], background: false }] }
    }
    const otherwise = this.#takeKeyword('else') ? this.list(['fi']) : []
    if (!this.#takeKeyword('fi')) this.#fail()
    return { type: 'if', condition, then, otherwise }
  }

  #until(keyword: string): List {
    const list = this.list([keyword])
    if (!this.#takeKeyword(keyword)) this.#fail()
    return list
  }

  #simple(): Command {
    const assignments: { name: string; value: Word }[] = []
    const words: Word[] = []
    const redirects: Redirect[] = []
    for (;;) {
      const redirect = this.#redirect()
      if (redirect !== undefined) {
        redirects.push(redirect)
        continue
      }
      const token = this.#peek()
      if (token.type !== 'word') break
      if (words.length === 0 && token.plain !== undefined && reserved.has(token.plain)) this.#fail()
      this.#position++
      const assignment = words.length === 0 ? assignmentOf(token.word) : undefined
      if (assignment === undefined) words.push(token.word)
      else assignments.push(assignment)
    }
    if (words.length === 0 && assignments.length === 0 && redirects.length === 0) this.#fail()
    return { type: 'simple', assignments, words, redirects }
  }

  #redirect(): Redirect | undefined {
    const operator = this.#takeOperator('>', '>>', '<', '2>', '2>>', '>&2', '1>&2', '2>&1')
    if (operator === undefined) return undefined
    if (operator.endsWith('&2')) return { from: 'stdout', to: { stream: 'stderr' } }
    if (operator === '2>&1') return { from: 'stderr', to: { stream: 'stdout' } }
    const token = this.#peek()
    if (token.type !== 'word') this.#fail()
    this.#position++
    const from = operator === '<' ? 'stdin' : operator.startsWith('2') ? 'stderr' : 'stdout'
    return { from, to: { file: token.word, append: operator.endsWith('>>') } }
  }

  #peek(): Token {
    return this.#tokens[this.#position]!
  }

  #isOperator(text: string): boolean {
    const token = this.#peek()
    return token.type === 'operator' && token.text === text
  }

  #isKeyword(text: string): boolean {
    const token = this.#peek()
    return token.type === 'word' && token.plain === text
  }

  #takeOperator(...texts: string[]): string | undefined {
    const found = texts.find(text => this.#isOperator(text))
    if (found !== undefined) this.#position++
    return found
  }

  #takeKeyword(text: string): boolean {
    const found = this.#isKeyword(text)
    if (found) this.#position++
    return found
  }

  #fail(): never {
    const token = this.#peek()
    const what = token.type === 'end' ? 'end of file' : token.type === 'operator' ? `"${token.text}"` : (token.plain ?? 'word')
    throw new ShellSyntaxError(`syntax error: unexpected ${what}`, { isIncomplete: token.type === 'end' })
  }
}

function assignmentOf(word: Word): { name: string; value: Word } | undefined {
  const first = word[0]
  if (first === undefined || !('text' in first)) return undefined
  const [, name, rest] = /^([A-Za-z_]\w*)=(.*)$/s.exec(first.text) ?? []
  return name === undefined ? undefined : { name, value: [{ text: rest ?? '' }, ...word.slice(1)] }
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  let rest = source
  for (;;) {
    rest = rest.replace(/^(?:[ \t]|\\\n)+/, '').replace(/^#[^\n]*/, '')
    if (rest === '') return [...tokens, { type: 'end' }]
    const operator = operatorPattern.exec(rest)?.[0]
    if (operator !== undefined && operator !== '{' && operator !== '}') {
      tokens.push({ type: 'operator', text: operator })
      rest = rest.slice(operator.length)
      continue
    }
    const { word, plain, length } = readWord(rest)
    tokens.push({ type: 'word', word, plain })
    rest = rest.slice(length)
  }
}

function readWord(source: string): { word: Word; plain: string | undefined; length: number } {
  const pieces: Piece[] = []
  let position = 0
  let isQuoted = false
  while (position < source.length && !/[\s;&|<>()]/.test(source[position]!)) {
    const rest = source.slice(position)
    if (rest[0] === "'") {
      const end = rest.indexOf("'", 1)
      if (end < 0) throw unterminated()
      isQuoted = true
      pieces.push({ text: rest.slice(1, end) })
      position += end + 1
    } else if (rest[0] === '"') {
      const { pieces: inner, length } = readDoubleQuoted(rest)
      isQuoted = true
      pieces.push(...inner)
      position += length
    } else if (rest[0] === '\\') {
      isQuoted = true
      pieces.push({ text: rest[1] ?? '' })
      position += 2
    } else if (rest[0] === '$') {
      const { piece, length } = readExpansion(rest, false)
      pieces.push(piece)
      position += length
    } else if (rest[0] === '`') throw new ShellSyntaxError('backquotes are not supported: $(…) is the same')
    else {
      const text = /^[^\s;&|<>()'"\\$`]+/.exec(rest)![0]
      pieces.push({ text })
      position += text.length
    }
  }
  const [only] = pieces
  const plain = !isQuoted && pieces.length === 1 && only !== undefined && 'text' in only ? only.text : undefined
  return { word: pieces.length === 0 ? [{ text: '' }] : pieces, plain, length: position }
}

function readDoubleQuoted(source: string): { pieces: Piece[]; length: number } {
  const pieces: Piece[] = [{ text: '' }]
  let position = 1
  for (;;) {
    const rest = source.slice(position)
    if (rest === '') throw unterminated()
    if (rest[0] === '"') return { pieces, length: position + 1 }
    if (rest[0] === '$') {
      const { piece, length } = readExpansion(rest, true)
      pieces.push(piece)
      position += length
    } else {
      const isEscape = rest[0] === '\\' && /["$\\`]/.test(rest[1] ?? '')
      pieces.push({ text: isEscape ? rest[1]! : rest[0]! })
      position += isEscape ? 2 : 1
    }
  }
}

function readExpansion(source: string, isQuoted: boolean): { piece: Piece; length: number } {
  if (source.startsWith('$((')) {
    const end = source.indexOf('))')
    if (end < 0) throw unterminated()
    return { piece: { arithmetic: source.slice(3, end), isQuoted }, length: end + 2 }
  }
  if (source.startsWith('$(')) {
    const end = endOfCommand(source)
    return { piece: { command: parseShell(source.slice(2, end)), isQuoted }, length: end + 1 }
  }
  const match = /^\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+|[?$#]))/.exec(source)
  if (match === null) return { piece: { text: '$' }, length: 1 }
  return { piece: { variable: match[1] ?? match[3] ?? '', fallback: match[2] ?? '', isQuoted }, length: match[0].length }
}

/** Where the parenthesis is that closes the first one. */
function endOfCommand(source: string): number {
  let depth = 0
  for (let position = 1; position < source.length; position++) {
    const character = source[position]
    if (character === '\\') position++
    else if (character === '"') position += readDoubleQuoted(source.slice(position)).length - 1
    else if (character === "'") {
      position = source.indexOf("'", position + 1)
      if (position < 0) throw unterminated()
    } else if (character === '(') depth++
    else if (character === ')' && --depth === 0) return position
  }
  throw unterminated()
}
