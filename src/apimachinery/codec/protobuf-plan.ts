import type { FieldSchema, MessageSchema, ScalarType, SchemaRegistry } from '../schema/schema.ts'
import { fillsOf } from './decoder.ts'
import { zeroOf } from './scalars.ts'

/** A field as it is on the wire. */
export interface WireField {
  number: number
  name: string
  scalar: ScalarType | undefined
  message: WireMessage | undefined
  shape: 'list' | 'map' | undefined
  /** Go holds the value itself: zero values are written, and mean nothing when read. */
  byValue: boolean
  /** Zero values stay when read. */
  keepsZero: boolean
  wrapped: boolean
  zero: unknown
  /** Fields of an embedded Go struct: on the wire a message of its own, in JSON part of the outer one. */
  inline: WireMessage | undefined
}

export interface WireMessage {
  /** By number, ascending. */
  fields: WireField[]
  byNumber: (WireField | undefined)[]
  fills: readonly { name: string; make: () => unknown }[]
}

const plans = new WeakMap<SchemaRegistry, Map<string, WireMessage>>()

export function wireMessageOf(schema: MessageSchema, registry: SchemaRegistry): WireMessage {
  let known = plans.get(registry)
  if (known === undefined) plans.set(registry, (known = new Map()))
  const found = known.get(schema.name)
  if (found !== undefined) return found
  const message: WireMessage = { fields: [], byNumber: [], fills: [] }
  known.set(schema.name, message)
  const inlined = new Map<number, WireField[]>()
  for (const [name, field] of Object.entries(schema.fields)) {
    const wire = wireFieldOf(name, field, registry)
    if (field.inline === undefined) message.fields.push(wire)
    else inlined.set(field.inline, [...(inlined.get(field.inline) ?? []), wire])
  }
  for (const [number, fields] of inlined) message.fields.push(inlineField(number, finish({ fields, byNumber: [], fills: [] })))
  message.fills = fillsOf(schema, registry)
  return finish(message)
}

function finish(message: WireMessage): WireMessage {
  message.fields.sort((a, b) => a.number - b.number)
  for (const field of message.fields) message.byNumber[field.number] = field
  return message
}

function inlineField(number: number, inline: WireMessage): WireField {
  return {
    number,
    name: '',
    scalar: undefined,
    message: undefined,
    shape: undefined,
    byValue: true,
    keepsZero: false,
    wrapped: false,
    zero: undefined,
    inline,
  }
}

function wireFieldOf(name: string, field: FieldSchema, registry: SchemaRegistry): WireField {
  const nested = registry.get(field.type)
  const message = nested === undefined ? undefined : wireMessageOf(nested, registry)
  const scalar = message === undefined ? (field.type as ScalarType) : undefined
  const byValue = field.shape === undefined && (message === undefined ? field.pointer !== true : field.embedded === true)
  return {
    number: field.number,
    name,
    scalar,
    message,
    shape: field.shape,
    byValue,
    keepsZero: field.pointer === true || field.required === true,
    wrapped: field.wrapped === true,
    zero: scalar === undefined ? undefined : zeroOf(scalar),
    inline: undefined,
  }
}
