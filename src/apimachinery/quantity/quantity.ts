/** How a quantity is written: `100m` and `5M`, `5Mi`, or `5e6`. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/** The text is no quantity; the message is upstream's. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError'
}

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const numericWrong = 'unable to parse numeric part of quantity'
const suffixWrong = "unable to parse quantity's suffix"

const syntax = /^([+-]?)0*([1-9][0-9]*)?(?:(\.)([0-9]*))?((?:[eEinumkKMGTP]+[-+]?|[-+])[0-9]*)?$/
const decimalSuffixes: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const decimalSuffixOf = new Map(Object.entries(decimalSuffixes).map(([suffix, exponent]) => [exponent, suffix]))
const binarySuffixes: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }
const binaryUnits = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

const nanosPerUnit = 1_000_000_000n
const nanosPerMilli = 1_000_000n
const int64Max = 2n ** 63n - 1n
/** Larger exponents cost memory and mean nothing. */
const exponentMax = 1000
const fastDigitsMax = 18
const textLengthMax = 1000
const cacheEntriesMax = 8192

const cache = new Map<string, Quantity>()

/**
 * A fixed-point number of resources, exact to 10⁻⁹. Immutable. Behaviour: k8s.io/apimachinery `api/resource`: what is finer than a
 * nano is rounded away from zero, and what was written in canonical form keeps its text.
 */
export class Quantity {
  /** Value times 10⁹. */
  readonly nanos: bigint
  readonly format: QuantityFormat
  #text: string | undefined

  private constructor(nanos: bigint, format: QuantityFormat, text?: string) {
    this.nanos = nanos
    this.format = format
    this.#text = text
  }

  static readonly zero = new Quantity(0n, 'DecimalSI')

  /** @throws QuantityError */
  static parse(text: string): Quantity {
    const known = cache.get(text)
    if (known !== undefined) return known
    const { nanos, format, canonical } = parse(text)
    const quantity = new Quantity(nanos, format, canonical ? text : undefined)
    if (cache.size >= cacheEntriesMax) cache.clear()
    if (text.length <= 32) cache.set(text, quantity)
    return quantity
  }

  /** From whole units; a fraction is rounded away from zero. */
  static of(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
    return new Quantity(wholeOf(value) * nanosPerUnit, format)
  }

  /** From thousandths. */
  static ofMilli(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
    return new Quantity(wholeOf(value) * nanosPerMilli, format)
  }

  /** Whole units, rounded away from zero, at most what an int64 holds. */
  value(): number {
    return scaled(this.nanos, nanosPerUnit)
  }

  /** Thousandths, rounded away from zero, at most what an int64 holds. */
  milliValue(): number {
    return scaled(this.nanos, nanosPerMilli)
  }

  /** The nearest floating point number. */
  toNumber(): number {
    return Number(this.nanos) / 1e9
  }

  isZero(): boolean {
    return this.nanos === 0n
  }

  /** -1, 0 or 1. */
  sign(): number {
    return this.nanos < 0n ? -1 : this.nanos > 0n ? 1 : 0
  }

  /** -1, 0 or 1: this against the other. */
  cmp(other: Quantity): number {
    return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0
  }

  /** The sum, in this one's format (the other's, when this is zero). */
  add(other: Quantity): Quantity {
    return new Quantity(this.nanos + other.nanos, this.isZero() ? other.format : this.format)
  }

  sub(other: Quantity): Quantity {
    return new Quantity(this.nanos - other.nanos, this.isZero() ? other.format : this.format)
  }

  neg(): Quantity {
    return new Quantity(-this.nanos, this.format)
  }

  mul(factor: number | bigint): Quantity {
    return new Quantity(this.nanos * BigInt(factor), this.format)
  }

  /** The canonical text: no fraction, the largest unit that keeps the value exact. */
  toString(): string {
    this.#text ??= canonicalText(this.nanos, this.format)
    return this.#text
  }

  toJSON(): string {
    return this.toString()
  }
}

function wholeOf(value: number | bigint): bigint {
  if (typeof value === 'bigint') return value
  return BigInt(value < 0 ? Math.floor(value) : Math.ceil(value))
}

function scaled(nanos: bigint, unit: bigint): number {
  const magnitude = nanos < 0n ? -nanos : nanos
  const rounded = (magnitude + unit - 1n) / unit
  const capped = rounded > int64Max ? int64Max : rounded
  return nanos < 0n ? -Number(capped) : Number(capped)
}

interface Parsed {
  nanos: bigint
  format: QuantityFormat
  /** The text may stand as it is. */
  canonical: boolean
}

function parse(text: string): Parsed {
  if (text === '0') return { nanos: 0n, format: 'DecimalSI', canonical: true }
  const match = text === '' ? null : syntax.exec(text)
  if (match === null) throw new QuantityError(formatWrong)
  if (text.length > textLengthMax) throw new QuantityError(numericWrong)
  const [, sign, whole = '', point, fraction = '', suffix = ''] = match
  const digits = (whole === '' ? '0' : whole) + fraction
  const { exponent, format } = readSuffix(suffix)
  const mantissa = BigInt(digits)
  const negative = sign === '-'
  if (format === 'BinarySI') {
    const shifted = (mantissa * nanosPerUnit) << BigInt(exponent)
    const { nanos, format: shownAs } = limitBinary(divideUp(shifted, 10n ** BigInt(fraction.length)))
    const short = point === undefined && digits.length <= 14 - Math.trunc((exponent * 3) / 10)
    return { nanos: negative ? -nanos : nanos, format: shownAs, canonical: short && (mantissa & 7n) !== 0n }
  }
  const scale = exponent - fraction.length
  const nanoScale = scale + 9
  const magnitude = nanoScale >= 0 ? mantissa * 10n ** BigInt(nanoScale) : roundUpTiny(mantissa, -nanoScale)
  const fast = digits.length <= fastDigitsMax && nanoScale >= 0
  const canonical = fast && scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0')
  return { nanos: negative ? -magnitude : magnitude, format, canonical }
}

function readSuffix(suffix: string): { exponent: number; format: QuantityFormat } {
  const decimal = Object.hasOwn(decimalSuffixes, suffix) ? decimalSuffixes[suffix] : undefined
  if (decimal !== undefined) return { exponent: decimal, format: 'DecimalSI' }
  const binary = Object.hasOwn(binarySuffixes, suffix) ? binarySuffixes[suffix] : undefined
  if (binary !== undefined) return { exponent: binary, format: 'BinarySI' }
  if (!/^[eE][+-]?[0-9]+$/.test(suffix)) throw new QuantityError(suffixWrong)
  const exponent = Number(suffix.slice(1))
  if (Math.abs(exponent) > exponentMax) throw new QuantityError(numericWrong)
  return { exponent, format: 'DecimalExponent' }
}

function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor
}

/** Whoever wants some gets some: a value below one nano is one nano. */
function roundUpTiny(mantissa: bigint, digits: number): bigint {
  return mantissa === 0n ? 0n : divideUp(mantissa, 10n ** BigInt(digits))
}

function limitBinary(nanos: bigint): { nanos: bigint; format: QuantityFormat } {
  const max = int64Max * nanosPerUnit
  if (nanos > max) return { nanos: max, format: 'BinarySI' }
  return { nanos, format: nanos > 0n && nanos < nanosPerUnit ? 'DecimalSI' : 'BinarySI' }
}

function canonicalText(nanos: bigint, format: QuantityFormat): string {
  if (nanos === 0n) return '0'
  const sign = nanos < 0n ? '-' : ''
  const magnitude = nanos < 0n ? -nanos : nanos
  if (format === 'BinarySI' && magnitude >= 1024n * nanosPerUnit && magnitude % nanosPerUnit === 0n) {
    let units = magnitude / nanosPerUnit
    let unit = 0
    while (units % 1024n === 0n && unit < binaryUnits.length - 1) {
      units /= 1024n
      unit++
    }
    return `${sign}${units}${binaryUnits[unit]}`
  }
  let value = magnitude
  let exponent = -9
  while (value % 1000n === 0n && (exponent < 18 || format === 'DecimalExponent')) {
    value /= 1000n
    exponent += 3
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${sign}${value}` : `${sign}${value}e${exponent}`
  return `${sign}${value}${decimalSuffixOf.get(exponent)}`
}
