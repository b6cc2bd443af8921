import type { MessageSchema, SchemaRegistry } from '../schema/schema.ts'
import { newBadRequest } from '../status/status.ts'
import type { JSONObject } from '../value/json-value.ts'
import { cannotBeHandled, checkType, newUnrecognised, summarise } from './expected-type.ts'
import { wireMessageOf } from './protobuf-plan.ts'
import { ProtobufFault, ProtobufReader } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/**
 * Kubernetes' protobuf form: four bytes `k8s\0`, then a `runtime.Unknown` that tells the type and holds the object. Objects are those of
 * JSON; nothing is generated. What Go's marshallers write for the same object is written byte for byte.
 */
const magic = Buffer.from('k8s\0')

export interface ProtobufOptions {
  schema: MessageSchema
  registry: SchemaRegistry
}

export function encodeProtobuf(object: { apiVersion: string; kind: string }, { schema, registry }: ProtobufOptions): Buffer {
  const writer = new ProtobufWriter()
  writer.text(4, '')
  writer.text(3, '')
  writer.nested(2, () => writer.message(object as unknown as JSONObject, wireMessageOf(schema, registry)))
  writer.nested(1, () => {
    writer.text(2, object.kind)
    writer.text(1, object.apiVersion)
  })
  writer.bytes(magic)
  return writer.finish()
}

/** The type that an encoded object says it has; undefined when the bytes are not of this form. */
export function protobufTypeOf(bytes: Uint8Array): { apiVersion: string; kind: string } | undefined {
  try {
    const { apiVersion, kind } = readEnvelope(bytes)
    return { apiVersion, kind }
  } catch (error) {
    if (error instanceof ProtobufFault) return undefined
    throw error
  }
}

/**
 * Reads an object of a known type. As with JSON, required zero values are filled in, and those that JSON omits left out; unknown fields are
 * dropped.
 * @throws StatusError BadRequest
 */
export function decodeProtobuf<T = JSONObject>(bytes: Uint8Array, options: ProtobufOptions & { apiVersion: string; kind: string }): T {
  const { apiVersion, kind } = options
  let envelope: Envelope
  try {
    envelope = readEnvelope(bytes)
  } catch (error) {
    if (!(error instanceof ProtobufFault)) throw error
    throw newUnrecognised(kind, error.message, summarise(bytes))
  }
  checkType(envelope, options)
  try {
    const object = new ProtobufReader(envelope.raw).message(wireMessageOf(options.schema, options.registry))
    return { apiVersion, kind, ...object } as T
  } catch (error) {
    if (!(error instanceof ProtobufFault)) throw error
    throw newBadRequest(cannotBeHandled(options, kind, error.message))
  }
}

interface Envelope {
  apiVersion: string
  kind: string
  raw: Uint8Array
}

function readEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length < 4 || magic.compare(bytes, 0, 4) !== 0) {
    throw new ProtobufFault('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  }
  const reader = new ProtobufReader(bytes.subarray(4))
  const envelope: Envelope = { apiVersion: '', kind: '', raw: new Uint8Array() }
  reader.fields((number, wireType) => {
    if (number === 1 && wireType === 2) reader.within(() => readTypeMeta(reader, envelope))
    else if (number === 2 && wireType === 2) envelope.raw = reader.bytes()
    else reader.skip(wireType)
  })
  return envelope
}

function readTypeMeta(reader: ProtobufReader, envelope: Envelope): void {
  reader.fields((number, wireType) => {
    if (number === 1 && wireType === 2) envelope.apiVersion = reader.text()
    else if (number === 2 && wireType === 2) envelope.kind = reader.text()
    else reader.skip(wireType)
  })
}

/** One frame of a protobuf watch: its length in four bytes, then a bare `WatchEvent` that holds the encoded object. */
export function encodeWatchFrame(type: string, object: Uint8Array): Buffer {
  const writer = new ProtobufWriter()
  writer.nested(2, () => writer.nested(1, () => writer.bytes(object)))
  writer.text(1, type)
  const event = writer.finish()
  const frame = Buffer.allocUnsafe(4 + event.length)
  frame.writeUInt32BE(event.length, 0)
  frame.set(event, 4)
  return frame
}

/**
 * The opposite of `encodeWatchFrame`, for a frame without its length.
 * @throws ProtobufFault
 */
export function decodeWatchEvent(bytes: Uint8Array): { type: string; object: Uint8Array } {
  const reader = new ProtobufReader(bytes)
  const event: { type: string; object: Uint8Array } = { type: '', object: new Uint8Array() }
  reader.fields((number, wireType) => {
    if (number === 1 && wireType === 2) event.type = reader.text()
    else if (number === 2 && wireType === 2) {
      reader.within(() =>
        reader.fields((inner, innerType) => {
          if (inner === 1 && innerType === 2) event.object = reader.bytes()
          else reader.skip(innerType)
        }),
      )
    } else reader.skip(wireType)
  })
  return event
}
