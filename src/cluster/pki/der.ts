/** Writers for the parts of DER (X.690) that certificates are made of. */

type Bytes = Uint8Array

function element(tag: number, ...contents: Bytes[]): Buffer {
  const body = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body])
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const hex = length.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
}

export function sequence(...contents: Bytes[]): Buffer {
  return element(0x30, ...contents)
}

export function set(...contents: Bytes[]): Buffer {
  return element(0x31, ...contents)
}

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Bytes): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const trimmed = bytes.subarray(start)
  return element(0x02, (trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed)
}

export function boolean(value: boolean): Buffer {
  return element(0x01, Buffer.from([value ? 0xff : 0]))
}

/** An object identifier in dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number)
  return element(0x06, Buffer.from([first * 40 + second, ...others.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}

/** Whole bytes, or with `unusedBits` at the end. */
export function bitString(bytes: Bytes, unusedBits = 0): Buffer {
  return element(0x03, Buffer.from([unusedBits]), bytes)
}

export function octetString(bytes: Bytes): Buffer {
  return element(0x04, bytes)
}

export function utf8String(text: string): Buffer {
  return element(0x0c, Buffer.from(text))
}

/** As RFC 5280 wants it: UTCTime through 2049, GeneralizedTime from 2050. Fractions of a second are dropped. */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\..*/g, '')
  return digits < '2050' ? element(0x17, Buffer.from(`${digits.slice(2)}Z`)) : element(0x18, Buffer.from(`${digits}Z`))
}

/** `[number] EXPLICIT`, or IMPLICIT of a constructed type when given its contents. */
export function contextConstructed(number: number, ...contents: Bytes[]): Buffer {
  return element(0xa0 | number, ...contents)
}

/** `[number] IMPLICIT` of a primitive type. */
export function contextPrimitive(number: number, bytes: Bytes): Buffer {
  return element(0x80 | number, bytes)
}
