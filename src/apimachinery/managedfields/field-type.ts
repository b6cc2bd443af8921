import type { FieldSchema, MessageSchema, SchemaRegistry } from '../schema/schema.ts'

/** How server-side apply sees a value of a type. */
export type FieldType = ScalarFieldType | StructFieldType | MapFieldType | ListFieldType | typeof deduced

export interface ScalarFieldType {
  kind: 'scalar'
  /** Values of the type, by their JSON form; `any` takes everything. */
  json: 'string' | 'number' | 'boolean' | 'any'
}

export interface StructFieldType {
  kind: 'struct'
  atomic: boolean
  fields: Map<string, FieldType>
}

export interface MapFieldType {
  kind: 'map'
  atomic: boolean
  element: FieldType
}

export interface ListFieldType {
  kind: 'list'
  relation: 'atomic' | 'set' | 'map'
  keys: readonly { name: string; default: unknown }[]
  element: FieldType
}

/** No schema: objects are maps of anything, lists and scalars have one owner. */
export const deduced = { kind: 'deduced' } as const

const plans = new WeakMap<SchemaRegistry, Map<string, StructFieldType>>()

/** The type of a message; what has no schema is deduced from its values. */
export function typeOfMessage(schema: MessageSchema | undefined, registry: SchemaRegistry): FieldType {
  if (schema === undefined) return deduced
  let known = plans.get(registry)
  if (known === undefined) plans.set(registry, (known = new Map()))
  const found = known.get(schema.name)
  if (found !== undefined) return found
  const type: StructFieldType = { kind: 'struct', atomic: schema.structType === 'atomic', fields: new Map() }
  known.set(schema.name, type)
  for (const [name, field] of Object.entries(schema.fields)) type.fields.set(name, typeOfField(field, registry))
  if (schema.root === true) {
    type.fields.set('apiVersion', text)
    type.fields.set('kind', text)
  }
  return type
}

const text: ScalarFieldType = { kind: 'scalar', json: 'string' }
const anything: ScalarFieldType = { kind: 'scalar', json: 'any' }

function typeOfField(field: FieldSchema, registry: SchemaRegistry): FieldType {
  const message = registry.get(field.type)
  const element = message === undefined ? typeOfScalar(field.type) : typeOfMessage(message, registry)
  if (field.shape === 'list') {
    const keys = (field.listMapKeys ?? []).map(name => ({ name, default: message?.fields[name]?.default }))
    return { kind: 'list', relation: field.listType ?? 'atomic', keys, element }
  }
  if (field.shape === 'map') return { kind: 'map', atomic: field.mapType === 'atomic', element }
  if (field.mapType === 'atomic' && element.kind === 'struct') return { ...element, atomic: true }
  return element
}

function typeOfScalar(type: string): ScalarFieldType {
  switch (type) {
    case 'boolean':
      return { kind: 'scalar', json: 'boolean' }
    case 'int32':
    case 'int64':
    case 'double':
      return { kind: 'scalar', json: 'number' }
    case 'quantity':
    case 'int-or-string':
    case 'any':
    case 'fields-v1':
      return anything
    default:
      return text
  }
}

/** The type with which to look at that value: a deduced one becomes a map for objects. */
export function resolve(type: FieldType, ...values: unknown[]): Exclude<FieldType, typeof deduced> {
  if (type.kind !== 'deduced') return type
  for (const value of values) if (typeof value === 'object' && value !== null) return Array.isArray(value) ? anything : freeMap
  return anything
}

const freeMap: MapFieldType = { kind: 'map', atomic: false, element: deduced }

/** True when the value has one owner as a whole. */
export function isLeafType(type: Exclude<FieldType, typeof deduced>): boolean {
  if (type.kind === 'scalar') return true
  return type.kind === 'list' ? type.relation === 'atomic' : type.atomic
}

/** The type of an object's field; undefined when a struct does not have it. */
export function typeOfKey(type: StructFieldType | MapFieldType, key: string): FieldType | undefined {
  return type.kind === 'struct' ? type.fields.get(key) : type.element
}
