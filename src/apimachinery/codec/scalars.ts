import { DurationError, formatDurationNanos, parseDurationNanos } from '../duration/duration.ts'
import { Quantity } from '../quantity/quantity.ts'
import type { ScalarType } from '../schema/schema.ts'
import { quote } from '../text/quote.ts'
import { normaliseTime } from './time.ts'

/** What is wrong with a value, without its place. `mismatch` is told with the name of the field. */
export class ScalarFault extends Error {
  readonly mismatch: { found: string; type: string } | undefined

  constructor(message: string, mismatch?: { found: string; type: string }) {
    super(message)
    this.mismatch = mismatch
  }
}

/** Go's name for the kind of a JSON value. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Go's name of the type that holds a scalar. */
export function goScalarType(type: string): string {
  const names: Record<string, string> = {
    boolean: 'bool',
    double: 'float64',
    bytes: '[]uint8',
    quantity: 'resource.Quantity',
    time: 'v1.Time',
    'micro-time': 'v1.MicroTime',
    duration: 'v1.Duration',
    'int-or-string': 'intstr.IntOrString',
    'fields-v1': 'v1.FieldsV1',
    any: 'runtime.RawExtension',
  }
  return names[type] ?? type
}

function mismatch(value: unknown, type: string): never {
  throw new ScalarFault('', { found: kindOf(value), type: goScalarType(type) })
}

/** A type of Go that decodes itself reports mismatches without the field. */
function plainMismatch(value: unknown, type: string): never {
  throw new ScalarFault(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${type}`)
}

function integer(value: unknown, type: 'int32' | 'int64'): number {
  if (typeof value !== 'number') mismatch(value, type)
  const limit = type === 'int32' ? 2 ** 31 : 2 ** 63
  if (!Number.isInteger(value) || value < -limit || value > limit - (type === 'int32' ? 1 : 0)) {
    throw new ScalarFault('', { found: `number ${value}`, type })
  }
  return value
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/

function bytes(value: unknown): string {
  if (typeof value !== 'string') mismatch(value, 'bytes')
  const text = value.includes('\n') || value.includes('\r') ? value.replace(/[\r\n]/g, '') : value
  if (text.length % 4 === 0 && base64.test(text)) return text
  const body = /^[A-Za-z0-9+/]*/.exec(text)![0].length
  throw new ScalarFault(`illegal base64 data at input byte ${body < text.length ? body : body - (body % 4)}`)
}

function duration(value: unknown): string {
  if (typeof value !== 'string') plainMismatch(value, 'string')
  try {
    return formatDurationNanos(parseDurationNanos(value))
  } catch (error) {
    if (error instanceof DurationError) throw new ScalarFault(error.message)
    throw error
  }
}

function quantity(value: unknown): string {
  // A bare number is fine; everything else that is no string fails as text, as upstream's does.
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  try {
    return Quantity.parse(text.trim()).toString()
  } catch (error) {
    throw new ScalarFault((error as Error).message)
  }
}

function intOrString(value: unknown): number | string {
  if (typeof value === 'string') return value
  if (typeof value !== 'number') plainMismatch(value, 'int32')
  if (!Number.isInteger(value) || Math.abs(value) > 2 ** 31 - 1) {
    throw new ScalarFault(`json: cannot unmarshal number ${value} into Go value of type int32`)
  }
  return value
}

function time(value: unknown, micro: boolean): string {
  if (typeof value !== 'string') plainMismatch(value, 'string')
  const result = normaliseTime(value, micro)
  if ('error' in result) throw new ScalarFault(result.error)
  return result.time
}

/**
 * The canonical form of a scalar (not null).
 * @throws ScalarFault
 */
export function decodeScalar(value: unknown, type: ScalarType): unknown {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : mismatch(value, type)
    case 'boolean':
      return typeof value === 'boolean' ? value : mismatch(value, type)
    case 'int32':
    case 'int64':
      return integer(value, type)
    case 'double':
      return typeof value === 'number' ? value : mismatch(value, type)
    case 'bytes':
      return bytes(value)
    case 'quantity':
      return quantity(value)
    case 'int-or-string':
      return intOrString(value)
    case 'time':
      return time(value, false)
    case 'micro-time':
      return time(value, true)
    case 'duration':
      return duration(value)
    case 'fields-v1':
    case 'any':
      return value
    default:
      throw new ScalarFault(`unknown type ${quote(type satisfies never)}`)
  }
}

/** What Go holds when nothing was given; undefined where JSON would show null. */
export function zeroOf(type: ScalarType): unknown {
  switch (type) {
    case 'string':
    case 'bytes':
      return ''
    case 'boolean':
      return false
    case 'int32':
    case 'int64':
    case 'double':
    case 'int-or-string':
      return 0
    case 'quantity':
      return '0'
    case 'duration':
      return '0s'
    default:
      return undefined
  }
}
