import { parseDurationNanos } from '../duration/duration.ts'
import type { ScalarType } from '../schema/schema.ts'
import { isObject, type JSONObject } from '../value/json-value.ts'
import type { WireField, WireMessage } from './protobuf-plan.ts'

const varint = 0
const fixed64 = 1
const delimited = 2

/**
 * Writes messages from their end to their beginning, so that lengths are known when they are written. Fields come out in the order of
 * their numbers, maps in the order of their keys, as Go's generated code writes them.
 */
export class ProtobufWriter {
  #buffer = Buffer.allocUnsafe(4096)
  #position = this.#buffer.length

  /** What was written. */
  finish(): Buffer {
    return this.#buffer.subarray(this.#position)
  }

  #reserve(bytes: number): void {
    if (this.#position >= bytes) return
    const used = this.#buffer.length - this.#position
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, used + bytes))
    this.#buffer.copy(larger, larger.length - used, this.#position)
    this.#position = larger.length - used
    this.#buffer = larger
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#position -= value.length
    this.#buffer.set(value, this.#position)
  }

  #unsigned(value: number): void {
    this.#reserve(10)
    let size = 1
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
    this.#position -= size
    let at = this.#position
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#buffer[at++] = (rest % 0x80) | 0x80
    this.#buffer[at] = rest
  }

  #integer(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) {
      this.#unsigned(value)
      return
    }
    const limited = typeof value === 'bigint' ? value : Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n
    let rest = BigInt.asUintN(64, limited)
    const digits: number[] = []
    for (; rest >= 0x80n; rest >>= 7n) digits.push(Number(rest & 0x7fn) | 0x80)
    digits.push(Number(rest))
    this.bytes(Uint8Array.from(digits))
  }

  #tag(number: number, wireType: number): void {
    this.#unsigned(number * 8 + wireType)
  }

  text(number: number, value: string): void {
    const size = Buffer.byteLength(value)
    this.#reserve(size)
    this.#position -= size
    this.#buffer.write(value, this.#position, size, 'utf8')
    this.#unsigned(size)
    this.#tag(number, delimited)
  }

  #number(number: number, value: number | bigint): void {
    this.#integer(value)
    this.#tag(number, varint)
  }

  /** A field whose content is what `write` writes. */
  nested(number: number, write: () => void): void {
    const end = this.#buffer.length - this.#position
    write()
    this.#unsigned(this.#buffer.length - this.#position - end)
    this.#tag(number, delimited)
  }

  message(object: JSONObject, message: WireMessage): void {
    for (let index = message.fields.length - 1; index >= 0; index--) this.#field(object, message.fields[index]!)
  }

  #field(object: JSONObject, field: WireField): void {
    const { inline } = field
    if (inline !== undefined) {
      this.nested(field.number, () => this.message(object, inline))
      return
    }
    const value = object[field.name]
    if (field.shape === 'list') {
      if (Array.isArray(value)) this.#list(value, field)
    } else if (field.shape === 'map') {
      if (isObject(value)) this.#map(value, field)
    } else if (field.byValue || (value !== undefined && value !== null)) this.#single(field.number, value, field)
  }

  /** A value, an element of a list or a value of a map; nothing stands for Go's zero value. */
  #single(number: number, value: unknown, field: WireField): void {
    const { message, scalar } = field
    if (value === undefined || value === null) this.#zero(number, field)
    else if (message === undefined) this.#scalar(number, value, scalar!)
    else this.nested(number, () => this.message(isObject(value) ? value : {}, message))
  }

  #zero(number: number, field: WireField): void {
    const { message, scalar } = field
    if (message !== undefined) this.nested(number, () => this.message({}, message))
    else if (scalar === 'time' || scalar === 'micro-time' || scalar === 'any' || scalar === 'fields-v1') this.nested(number, () => {})
    else if (scalar !== 'bytes') this.#scalar(number, field.zero, scalar!)
  }

  #list(list: unknown[], field: WireField): void {
    if (field.wrapped) {
      this.nested(field.number, () => this.#strings(list))
      return
    }
    for (let index = list.length - 1; index >= 0; index--) this.#single(field.number, list[index], field)
  }

  #strings(list: unknown): void {
    if (!Array.isArray(list)) return
    for (let index = list.length - 1; index >= 0; index--) this.text(1, String(list[index]))
  }

  #map(map: JSONObject, field: WireField): void {
    const keys = Object.keys(map).sort()
    for (let index = keys.length - 1; index >= 0; index--) {
      const key = keys[index]!
      this.nested(field.number, () => {
        if (field.wrapped) this.nested(2, () => this.#strings(map[key]))
        else this.#single(2, map[key], field)
        this.text(1, key)
      })
    }
  }

  #scalar(number: number, value: unknown, type: ScalarType): void {
    switch (type) {
      case 'string':
        this.text(number, String(value))
        return
      case 'boolean':
        this.#number(number, value === true ? 1 : 0)
        return
      case 'int32':
      case 'int64':
        this.#number(number, Number(value))
        return
      case 'double':
        this.#double(number, Number(value))
        return
      case 'bytes':
        this.#raw(number, Buffer.from(String(value), 'base64'))
        return
      case 'any':
      case 'fields-v1':
        this.nested(number, () => this.#raw(1, Buffer.from(JSON.stringify(value))))
        return
      default:
        this.nested(number, () => this.#wrappedScalar(value, type))
    }
  }

  /** Scalars of JSON that are messages on the wire. */
  #wrappedScalar(value: unknown, type: 'quantity' | 'int-or-string' | 'time' | 'micro-time' | 'duration'): void {
    switch (type) {
      case 'quantity':
        this.text(1, String(value))
        return
      case 'int-or-string':
        this.text(3, typeof value === 'string' ? value : '')
        this.#number(2, typeof value === 'number' ? value : 0)
        this.#number(1, typeof value === 'string' ? 1 : 0)
        return
      case 'duration':
        this.#number(1, parseDurationNanos(String(value)))
        return
      case 'time':
      case 'micro-time':
        this.#timestamp(String(value), type === 'micro-time')
    }
  }

  #timestamp(text: string, micro: boolean): void {
    const seconds = Math.floor(Date.parse(text) / 1000)
    const fraction = micro ? (/\.(\d{1,6})/.exec(text)?.[1] ?? '') : ''
    this.#number(2, Number(fraction.padEnd(6, '0')) * 1000)
    this.#number(1, seconds)
  }

  #double(number: number, value: number): void {
    this.#reserve(8)
    this.#position -= 8
    this.#buffer.writeDoubleLE(value, this.#position)
    this.#tag(number, fixed64)
  }

  #raw(number: number, value: Uint8Array): void {
    this.bytes(value)
    this.#unsigned(value.length)
    this.#tag(number, delimited)
  }
}
