import { formatDurationNanos } from '../duration/duration.ts'
import { Quantity } from '../quantity/quantity.ts'
import type { ScalarType } from '../schema/schema.ts'
import { type JSONObject, parseWithoutPrototypes } from '../value/json-value.ts'
import type { WireField, WireMessage } from './protobuf-plan.ts'

/** The bytes are no message of the type; the texts are those of Go's generated code. */
export class ProtobufFault extends Error {}

const depthMax = 100
/** Up to here, building a text by characters is faster than a call of the decoder. */
const shortTextBytes = 12
const varint = 0
const fixed64 = 1
const delimited = 2
const fixed32 = 5

/** Reads one message after the other from a span of bytes. */
export class ProtobufReader {
  readonly #buffer: Buffer
  #position: number
  #end: number
  #depth = 0

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#position = 0
    this.#end = this.#buffer.length
  }

  get atEnd(): boolean {
    return this.#position >= this.#end
  }

  /** The next number that fits 53 bits; larger ones lose precision. */
  unsigned(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 10; count++) {
      if (this.#position >= this.#end) throw new ProtobufFault('unexpected EOF')
      const byte = this.#buffer[this.#position++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    throw new ProtobufFault('proto: integer overflow')
  }

  #signed(): bigint {
    const start = this.#position
    const value = this.unsigned()
    if (value < 2 ** 53) return BigInt(value)
    this.#position = start
    let exact = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#buffer[this.#position++]!
      exact |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, exact)
    }
  }

  #integer(): number {
    const start = this.#position
    const value = this.unsigned()
    if (value < 2 ** 53) return value
    this.#position = start
    return Number(this.#signed())
  }

  /** Calls `field` for every field of the span; it must consume the field's value. */
  fields(field: (number: number, wireType: number) => void): void {
    if (++this.#depth > depthMax) throw new ProtobufFault('proto: message is nested too deeply')
    while (this.#position < this.#end) {
      const tag = this.unsigned()
      const number = Math.floor(tag / 8)
      const wireType = tag % 8
      if (number < 1) throw new ProtobufFault(`proto: illegal tag ${number} (wire type ${wireType})`)
      field(number, wireType)
    }
    this.#depth--
  }

  /** Reads a length and limits the reader to that span while `read` runs. */
  within<T>(read: () => T): T {
    const outer = this.#enter()
    const result = read()
    this.#position = this.#end
    this.#end = outer
    return result
  }

  text(): string {
    const length = this.unsigned()
    const start = this.#position
    if (start + length > this.#end) throw new ProtobufFault('unexpected EOF')
    this.#position += length
    if (length <= shortTextBytes) {
      let text = ''
      for (let index = start; index < this.#position; index++) {
        const byte = this.#buffer[index]!
        if (byte >= 0x80) return this.#buffer.toString('utf8', start, this.#position)
        text += String.fromCharCode(byte)
      }
      return text
    }
    return this.#buffer.toString('utf8', start, this.#position)
  }

  /** A view of the bytes, not a copy. */
  bytes(): Buffer {
    const length = this.unsigned()
    const start = this.#position
    if (start + length > this.#end) throw new ProtobufFault('unexpected EOF')
    this.#position += length
    return this.#buffer.subarray(start, this.#position)
  }

  skip(wireType: number): void {
    if (wireType === varint) this.unsigned()
    else if (wireType === fixed64) this.#advance(8)
    else if (wireType === delimited) this.#advance(this.unsigned())
    else if (wireType === fixed32) this.#advance(4)
    else throw new ProtobufFault(`proto: illegal wireType ${wireType}`)
  }

  #advance(bytes: number): void {
    if (this.#position + bytes > this.#end) throw new ProtobufFault('unexpected EOF')
    this.#position += bytes
  }

  message(message: WireMessage): JSONObject {
    const object: JSONObject = {}
    this.#into(object, message)
    for (const { name, make } of message.fills) if (object[name] === undefined) object[name] = make()
    return object
  }

  #into(object: JSONObject, message: WireMessage): void {
    if (++this.#depth > depthMax) throw new ProtobufFault('proto: message is nested too deeply')
    while (this.#position < this.#end) {
      const tag = this.unsigned()
      const wireType = tag & 7
      const field = message.byNumber[Math.floor(tag / 8)]
      if (field === undefined) this.skip(wireType)
      else if (field.inline !== undefined) {
        const outer = this.#enter()
        this.#into(object, field.inline)
        this.#end = outer
      } else this.#field(object, field, wireType)
    }
    this.#depth--
  }

  /** Limits the reader to the span whose length comes next; returns the limit to go back to. */
  #enter(): number {
    const length = this.unsigned()
    const outer = this.#end
    if (this.#position + length > outer) throw new ProtobufFault('unexpected EOF')
    this.#end = this.#position + length
    return outer
  }

  #field(object: JSONObject, field: WireField, wireType: number): void {
    const { name } = field
    if (wireType !== wireTypeOf(field)) throw new ProtobufFault(`proto: wrong wireType = ${wireType} for field ${goName(name)}`)
    if (field.shape === 'map') {
      const map = (object[name] ??= {}) as JSONObject
      this.within(() => this.#mapEntry(map, field))
    } else if (field.wrapped) object[name] = this.within(() => this.#strings())
    else if (field.shape === 'list') {
      const list = (object[name] ??= []) as unknown[]
      list.push(this.#value(field) ?? null)
    } else {
      const value = this.#value(field)
      const isZero = value === '' || value === 0 || value === false
      if (value === undefined || (isZero && !field.keepsZero)) return
      object[name] = value
    }
  }

  #mapEntry(map: JSONObject, field: WireField): void {
    let key = ''
    let value: unknown
    this.fields((number, wireType) => {
      if (number === 1 && wireType === delimited) key = this.text()
      else if (number === 2) value = field.wrapped ? this.within(() => this.#strings()) : this.#value(field)
      else this.skip(wireType)
    })
    if (key !== '__proto__') map[key] = value ?? (field.message === undefined ? field.zero : {})
  }

  #strings(): string[] {
    const list: string[] = []
    this.fields((number, wireType) => {
      if (number === 1 && wireType === delimited) list.push(this.text())
      else this.skip(wireType)
    })
    return list
  }

  #value({ message, scalar }: WireField): unknown {
    if (message === undefined) return this.#scalar(scalar!)
    const outer = this.#enter()
    const object = this.message(message)
    this.#end = outer
    return object
  }

  #scalar(type: ScalarType): unknown {
    switch (type) {
      case 'string':
        return this.text()
      case 'boolean':
        return this.unsigned() !== 0
      case 'int32':
      case 'int64':
        return this.#integer()
      case 'double': {
        const start = this.#position
        this.#advance(8)
        return this.#buffer.readDoubleLE(start)
      }
      case 'bytes':
        return this.bytes().toString('base64')
      case 'any':
      case 'fields-v1':
        return this.within(() => this.#json())
      case 'quantity':
        return this.within(() => this.#quantity())
      case 'int-or-string':
        return this.within(() => this.#intOrString())
      case 'duration':
        return this.within(() => this.#duration())
      case 'time':
      case 'micro-time':
        return this.within(() => this.#timestamp(type === 'micro-time'))
    }
  }

  /** Numbered parts of a small message. */
  #parts(): { integers: bigint[]; texts: string[] } {
    const integers: bigint[] = []
    const texts: string[] = []
    this.fields((number, wireType) => {
      if (wireType === varint) integers[number] = this.#signed()
      else if (wireType === delimited) texts[number] = this.text()
      else this.skip(wireType)
    })
    return { integers, texts }
  }

  #json(): unknown {
    const text = this.#parts().texts[1]
    if (text === undefined || text === '') return undefined
    try {
      return parseWithoutPrototypes(text) ?? undefined
    } catch {
      throw new ProtobufFault('embedded object is no JSON')
    }
  }

  #quantity(): string {
    const text = this.#parts().texts[1] ?? '0'
    try {
      return Quantity.parse(text === '' ? '0' : text).toString()
    } catch (error) {
      throw new ProtobufFault((error as Error).message)
    }
  }

  #intOrString(): number | string {
    const { integers, texts } = this.#parts()
    return integers[1] === 1n ? (texts[3] ?? '') : Number(integers[2] ?? 0n)
  }

  #duration(): string {
    return formatDurationNanos(this.#parts().integers[1] ?? 0n)
  }

  #timestamp(micro: boolean): string | undefined {
    const { integers } = this.#parts()
    if (integers[1] === undefined && integers[2] === undefined) return undefined
    const date = new Date(Number(integers[1] ?? 0n) * 1000)
    if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) {
      throw new ProtobufFault('Time.MarshalJSON: year outside of range [0,9999]')
    }
    const seconds = date.toISOString().slice(0, 19)
    if (!micro) return `${seconds}Z`
    const micros = Number(integers[2] ?? 0n) / 1000
    return `${seconds}.${String(Math.trunc(micros)).padStart(6, '0')}Z`
  }
}

function wireTypeOf(field: WireField): number {
  if (field.shape === 'map' || field.wrapped || field.message !== undefined) return delimited
  const { scalar } = field
  if (scalar === 'boolean' || scalar === 'int32' || scalar === 'int64') return varint
  return scalar === 'double' ? fixed64 : delimited
}

function goName(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
