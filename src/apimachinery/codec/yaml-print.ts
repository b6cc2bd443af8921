import { isObject, type JSONObject } from '../value/json-value.ts'
import { isPlainText } from './yaml-scalars.ts'
import { writeScalar } from './yaml-style.ts'

/**
 * Writes JSON values as kubectl does (Go's yaml v2): keys sorted naturally, two spaces, lists not indented, long text folded at 80 columns.
 * Several values become documents separated by `---`.
 */
export function printYAML(...values: unknown[]): string {
  return values.map(value => document(value)).join('---\n')
}

function document(value: unknown): string {
  if (isCollection(value)) return `${lines(value, 0).join('\n')}\n`
  return `${writeValue(value, 2, 0)}\n`
}

function isCollection(value: unknown): value is JSONObject | unknown[] {
  return Array.isArray(value) ? value.length > 0 : isObject(value) && Object.keys(value).length > 0
}

/** The lines of a non-empty collection at that indentation. */
function lines(value: JSONObject | unknown[], indent: number): string[] {
  const result: string[] = []
  const margin = ' '.repeat(indent)
  if (Array.isArray(value)) {
    for (const item of value) {
      if (isCollection(item)) {
        const nested = lines(item, indent + 2)
        result.push(`${margin}- ${nested[0]!.slice(indent + 2)}`, ...nested.slice(1))
      } else result.push(`${margin}- ${writeValue(item, indent + 2, indent + 2)}`)
    }
    return result
  }
  for (const key of Object.keys(value).sort(compareKeys)) {
    const field = value[key]
    if (field === undefined) continue
    const name = writeScalar(key, isPlainText(key), { indent: indent + 2, column: indent, isKey: true })
    const isLongKey = Buffer.byteLength(key) > longestSimpleKeyBytes
    const head = isLongKey ? `${margin}? ${name}\n${margin}:` : `${margin}${name}:`
    if (isCollection(field)) {
      const nested = lines(field, Array.isArray(field) ? indent : indent + 2)
      if (isLongKey) result.push(`${head} ${nested[0]!.slice(indent + 2)}`, ...nested.slice(1))
      else result.push(head, ...nested)
    } else result.push(`${head} ${writeValue(field, indent + 2, isLongKey ? indent + 2 : indent + name.length + 2)}`)
  }
  return result
}

const longestSimpleKeyBytes = 128

/** @param column where the value starts; `indent`: of its further lines */
function writeValue(value: unknown, indent: number, column: number): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return writeScalar(value, isPlainText(value), { indent, column, isKey: false })
  if (typeof value === 'number') return writeNumber(value)
  if (typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? '[]' : '{}'
}

function writeNumber(value: number): string {
  if (Number.isNaN(value)) return '.nan'
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf'
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return BigInt(value).toString()
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  const shortestDigits = mantissa.replace(/[-.]/g, '').length
  if (exponent >= -4 && exponent < Math.max(shortestDigits, 21)) return String(value)
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

const letter = /\p{L}/u
const digit = /\p{Nd}/u

/** Natural order of keys: `a2` before `a10`, everything else before letters. */
function compareKeys(a: string, b: string): number {
  const left = Array.from(a)
  const right = Array.from(b)
  for (let index = 0; index < left.length && index < right.length; index++) {
    const one = left[index]!
    const other = right[index]!
    if (one === other) continue
    const oneIsLetter = letter.test(one)
    const otherIsLetter = letter.test(other)
    if (oneIsLetter && otherIsLetter) return one < other ? -1 : 1
    if (oneIsLetter || otherIsLetter) return otherIsLetter ? -1 : 1
    return compareNumbers(left, right, index)
  }
  return left.length - right.length
}

function compareNumbers(left: string[], right: string[], start: number): number {
  let lead = 0
  if (left[start] === '0' || right[start] === '0') {
    for (let index = start - 1; index >= 0 && digit.test(left[index]!); index--) {
      if (left[index] === '0') continue
      lead = 1
      break
    }
  }
  const [one, oneEnd] = readNumber(left, start, lead)
  const [other, otherEnd] = readNumber(right, start, lead)
  if (one !== other) return one < other ? -1 : 1
  if (oneEnd !== otherEnd) return oneEnd - otherEnd
  return left[start]! < right[start]! ? -1 : 1
}

function readNumber(characters: string[], start: number, lead: number): [number, number] {
  let value = lead
  let end = start
  while (end < characters.length && /[0-9]/.test(characters[end]!)) value = value * 10 + Number(characters[end++])
  return [value, end]
}
