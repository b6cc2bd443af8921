/** The styles of YAML scalars, chosen and written as libyaml's emitter does (the one inside Go's yaml v2). */

export interface ScalarPlace {
  /** Indentation of the lines after the first. */
  indent: number
  /** Where the scalar starts. */
  column: number
  /** Keys stay on one line. */
  isKey: boolean
}

const bestWidth = 80

interface Analysis {
  plain: boolean
  singleQuoted: boolean
  literal: boolean
  multiline: boolean
}

const unprintable = /[^\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u
const indicators = /^(?:[#,[\]{}&*!|>'"%@`]|[?:](?=\s|$)|-(?=\s|$)|---|\.\.\.)|: |:\n|:$| #|\n#/

function analyse(text: string): Analysis {
  const multiline = /[\n\u0085\u2028\u2029]/.test(text)
  const special = unprintable.test(text) || / [\n\u0085\u2028\u2029]/.test(text)
  const edges = /^[ \n]|[ \n]$/.test(text)
  const breakThenSpace = /[\n\u0085\u2028\u2029] /.test(text)
  return {
    plain: text !== '' && !special && !edges && !multiline && !indicators.test(text),
    singleQuoted: !special && !breakThenSpace,
    literal: !special && !text.endsWith(' '),
    multiline,
  }
}

/** @param plainIsText written plainly, the text would be read back as text */
export function writeScalar(text: string, plainIsText: boolean, place: ScalarPlace): string {
  const { plain, singleQuoted, literal, multiline } = analyse(text)
  if (multiline) return literal && !place.isKey ? writeLiteral(text, place.indent) : writeDoubleQuoted(text, place)
  if (!plainIsText) return writeDoubleQuoted(text, place)
  if (plain) return fold(text, place, text.length)
  return singleQuoted ? writeSingleQuoted(text, place) : writeDoubleQuoted(text, place)
}

function writeLiteral(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : ''
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : ''
  const margin = ' '.repeat(indent)
  const body = text.endsWith('\n') ? text.slice(0, -1) : text
  return `|${hint}${chomp}\n${body
    .split('\n')
    .map(line => (line === '' ? '' : margin + line))
    .join('\n')}`
}

/** Breaks lines at single spaces once they are too long. `end`: spaces from there on stay. */
function fold(text: string, { indent, column, isKey }: ScalarPlace, end: number, start = 0): string {
  if (isKey || column + text.length <= bestWidth) return text
  const characters = Array.from(text)
  let result = ''
  let at = column
  let afterSpace = false
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index]!
    if (character !== ' ') {
      result += character
      at++
      afterSpace = false
      continue
    }
    const breaks = !afterSpace && at > bestWidth && index > start && index < end && characters[index + 1] !== ' '
    if (breaks) {
      result += `\n${' '.repeat(indent)}`
      at = indent
    } else {
      result += ' '
      at++
    }
    afterSpace = true
  }
  return result
}

function writeSingleQuoted(text: string, place: ScalarPlace): string {
  return `'${fold(text.replaceAll("'", "''"), { ...place, column: place.column + 1 }, text.length - 1)}'`
}

const shortEscapes: Record<string, string> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u00a0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
}

function escapeCharacter(character: string): string | undefined {
  const code = character.codePointAt(0)!
  const escaped = character === '"' || character === '\\' || /[\n\u0085\u2028\u2029\ufeff]/.test(character) || unprintable.test(character)
  if (!escaped) return undefined
  const short = shortEscapes[character]
  if (short !== undefined) return short
  const hex = code.toString(16).toUpperCase()
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}

function writeDoubleQuoted(text: string, { indent, column, isKey }: ScalarPlace): string {
  const characters = Array.from(text)
  const last = characters.length - 1
  let result = '"'
  let at = column + 1
  let afterSpace = false
  characters.forEach((character, index) => {
    if (character === ' ' && !isKey && !afterSpace && at > bestWidth && index > 0 && index < last) {
      result += `\n${' '.repeat(indent)}`
      at = indent
      if (characters[index + 1] === ' ') {
        result += '\\'
        at++
      }
      afterSpace = true
      return
    }
    const written = escapeCharacter(character) ?? character
    result += written
    at += written.length
    afterSpace = character === ' '
  })
  return `${result}"`
}
