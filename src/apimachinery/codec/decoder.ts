import type { FieldSchema, MessageSchema, ScalarType, SchemaRegistry } from '../schema/schema.ts'
import { countKeysInValue } from './duplicate-keys.ts'
import { decodeScalar, goScalarType, kindOf, ScalarFault, zeroOf } from './scalars.ts'

type JSONObject = Record<string, unknown>

/** The value does not fit the schema; the message is that of Go's decoder. */
export class DecodeFault extends Error {}

interface FieldPlan {
  name: string
  scalar: ScalarType | undefined
  message: MessagePlan | undefined
  shape: 'list' | 'map' | undefined
  /** Zero and empty values say something: they stay. */
  keepsZero: boolean
  /** Shown as null when there is none. */
  keepsNull: boolean
  goType: string
}

/** A message, prepared for walking over values. */
interface MessagePlan {
  schema: MessageSchema
  goName: string
  goType: string
  fields: Map<string, FieldPlan>
  /** Fields that are always present, with a maker of their empty value. */
  fills: { name: string; make: () => unknown }[]
}

const plans = new WeakMap<SchemaRegistry, Map<string, MessagePlan>>()

function planOf(registry: SchemaRegistry, schema: MessageSchema): MessagePlan {
  let known = plans.get(registry)
  if (known === undefined) plans.set(registry, (known = new Map()))
  const found = known.get(schema.name)
  if (found !== undefined) return found
  const segments = schema.name.split('.')
  const goName = segments.at(-1)!
  const plan: MessagePlan = { schema, goName, goType: segments.slice(-2).join('.'), fields: new Map(), fills: [] }
  known.set(schema.name, plan)
  for (const [name, field] of Object.entries(schema.fields)) {
    const nested = registry.get(field.type)
    const message = nested === undefined ? undefined : planOf(registry, nested)
    const scalar = message === undefined ? (field.type as ScalarType) : undefined
    const element = message?.goType ?? goScalarType(field.type)
    const goType = field.shape === 'list' ? `[]${element}` : field.shape === 'map' ? `map[string]${element}` : element
    const keepsZero = field.pointer === true || field.required === true || field.shown === true
    const keepsNull = field.embedded === true && (scalar === 'time' || scalar === 'micro-time')
    plan.fields.set(name, { name, scalar, message, shape: field.shape, keepsZero, keepsNull, goType })
    const make = makerOf(field, message, scalar)
    if (make !== undefined) plan.fills.push({ name, make })
  }
  return plan
}

function makerOf(field: FieldSchema, message: MessagePlan | undefined, scalar: ScalarType | undefined): (() => unknown) | undefined {
  if (field.shape !== undefined) return field.required ? () => (field.shape === 'list' ? [] : {}) : undefined
  if (message !== undefined) return field.embedded ? () => filled(message) : undefined
  if (scalar === 'time' || scalar === 'micro-time') return field.embedded ? () => null : undefined
  if ((!field.required && !field.embedded && !field.shown) || field.pointer || scalar === undefined) return undefined
  const zero = zeroOf(scalar)
  return zero === undefined ? undefined : () => zero
}

function filled(plan: MessagePlan): JSONObject {
  const object: JSONObject = {}
  for (const { name, make } of plan.fills) object[name] = make()
  return object
}

/** What upstream's zero value of a type looks like: structs held by value and required fields are there, and empty. */
export function zeroObject(schema: MessageSchema, registry: SchemaRegistry): JSONObject {
  return filled(planOf(registry, schema))
}

/** The fields of a message that are always present, with makers of their empty values. */
export function fillsOf(schema: MessageSchema, registry: SchemaRegistry): readonly { name: string; make: () => unknown }[] {
  return planOf(registry, schema).fills
}

class MapKey {
  readonly key: string

  constructor(key: string) {
    this.key = key
  }
}

export interface DecoderOptions {
  /** Keep exactly what was given: nothing is filled in, no zero value is left out (for server-side apply). */
  asGiven: boolean
  /** Collect unknown fields and count keys. */
  strict: boolean
}

const unknownFieldsMax = 100

const nothing: JSONObject = Object.freeze({})

/** One walk over a parsed value, which it changes in place (objects that lose fields are replaced). */
export class Decoder {
  readonly #registry: SchemaRegistry
  readonly #options: DecoderOptions
  readonly #stack: (string | number | MapKey)[] = []
  #struct = ''
  readonly unknown: string[] = []
  /** Keys of all objects seen. */
  keys = 0

  constructor(registry: SchemaRegistry, options: DecoderOptions) {
    this.#registry = registry
    this.#options = options
  }

  /**
   * @param decoded fields that the value shares with it are not walked again
   * @throws DecodeFault
   */
  decode(value: unknown, schema: MessageSchema, decoded: object = nothing): JSONObject {
    return this.#message(value, planOf(this.#registry, schema), decoded as JSONObject)
  }

  /** @param decoded of the root only */
  #message(value: unknown, plan: MessagePlan, decoded?: JSONObject): JSONObject {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.#fail(kindOf(value), plan.goType)
    const object = value as JSONObject
    const { fields } = plan
    const outer = this.#struct
    this.#struct = plan.goName
    let drops = false
    for (const key in object) {
      this.keys++
      const current = object[key]
      if (typeof current === 'object' && current !== null && current === decoded?.[key]) continue
      const field = fields.get(key)
      let next: unknown
      if (field !== undefined) {
        if (current !== null) {
          this.#stack.push(key)
          next = this.#field(current, field)
          this.#stack.pop()
        } else if (field.keepsNull) next = null
      } else if ((key === 'kind' || key === 'apiVersion') && (decoded !== undefined || plan.schema.root === true)) {
        if (typeof current === 'string') next = current
        else if (current !== null) {
          this.#stack.push(key)
          this.#fail(kindOf(current), 'string')
        }
      } else {
        this.#reportUnknown(key, current)
      }
      if (next === undefined) drops = true
      if (next !== current) object[key] = next
    }
    this.#struct = outer
    const result = drops ? withoutUndefined(object) : object
    if (!this.#options.asGiven) for (const { name, make } of plan.fills) if (result[name] === undefined) result[name] = make()
    return result
  }

  /** The canonical value; undefined when the field is as good as absent. */
  #field(value: unknown, field: FieldPlan): unknown {
    if (field.shape === undefined) {
      if (field.message !== undefined) return this.#message(value, field.message)
      const scalar = this.#scalar(value, field.scalar!, field)
      const isZero = scalar === '' || scalar === 0 || scalar === false
      return isZero && !field.keepsZero && !this.#options.asGiven ? undefined : scalar
    }
    if (field.shape === 'list') {
      if (!Array.isArray(value)) this.#fail(kindOf(value), field.goType)
      this.#list(value, field)
      return value.length === 0 && !field.keepsZero && !this.#options.asGiven ? undefined : value
    }
    if (typeof value !== 'object' || Array.isArray(value)) this.#fail(kindOf(value), field.goType)
    const isEmpty = this.#map(value as JSONObject, field)
    return isEmpty && !field.keepsZero && !this.#options.asGiven ? undefined : value
  }

  #list(list: unknown[], field: FieldPlan): void {
    const { message, scalar } = field
    for (let index = 0; index < list.length; index++) {
      this.#stack.push(index)
      const current = list[index]
      if (message !== undefined) list[index] = this.#message(current === null ? {} : current, message)
      else if (current === null) list[index] = zeroOf(scalar!) ?? null
      else list[index] = this.#scalar(current, scalar!, field)
      this.#stack.pop()
    }
  }

  #map(map: JSONObject, field: FieldPlan): boolean {
    const { message, scalar } = field
    let isEmpty = true
    for (const key in map) {
      isEmpty = false
      this.keys++
      const current = map[key]
      if (message === undefined && typeof current === 'string' && scalar === 'string') continue
      this.#stack.push(new MapKey(key))
      if (message !== undefined) map[key] = this.#message(current === null ? {} : current, message)
      else map[key] = current === null ? (zeroOf(scalar!) ?? null) : this.#scalar(current, scalar!, field)
      this.#stack.pop()
    }
    return isEmpty
  }

  #scalar(value: unknown, type: ScalarType, field: FieldPlan): unknown {
    if (type === 'string' && typeof value === 'string') return value
    if (type === 'any' || type === 'fields-v1') {
      if (this.#options.strict) this.keys += countKeysInValue(value)
      if (type === 'fields-v1' && (typeof value !== 'object' || Array.isArray(value))) this.#fail(kindOf(value), field.goType)
      return value
    }
    try {
      return decodeScalar(value, type)
    } catch (error) {
      if (!(error instanceof ScalarFault)) throw error
      if (error.mismatch !== undefined) this.#fail(error.mismatch.found, error.mismatch.type)
      throw new DecodeFault(error.message)
    }
  }

  #reportUnknown(key: string, value: unknown): void {
    if (!this.#options.strict) return
    this.keys += countKeysInValue(value)
    if (this.unknown.length >= unknownFieldsMax) return
    this.#stack.push(key)
    this.unknown.push(this.#path())
    this.#stack.pop()
  }

  #path(): string {
    let path = ''
    for (const element of this.#stack) {
      if (typeof element === 'number') path += `[${element}]`
      else {
        const name = element instanceof MapKey ? element.key : element
        path += path === '' ? name : `.${name}`
      }
    }
    return path
  }

  #fail(found: string, goType: string): never {
    const fields = this.#stack.filter(element => typeof element === 'string').join('.')
    const place = fields === '' ? `Go value of type ${goType}` : `Go struct field ${this.#struct}.${fields} of type ${goType}`
    throw new DecodeFault(`json: cannot unmarshal ${found} into ${place}`)
  }
}

function withoutUndefined(object: JSONObject): JSONObject {
  const result: JSONObject = {}
  for (const key in object) if (object[key] !== undefined) result[key] = object[key]
  return result
}
