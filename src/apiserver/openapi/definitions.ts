import type { GroupVersionKind } from '#apimachinery/resource/resource-info.ts'
import type { FieldSchema, MessageSchema, SchemaRegistry } from '#apimachinery/schema/schema.ts'
import type { Dialect, JSONSchema } from './json-schema.ts'

/** Own words for a type and its fields, by definition name. */
export type Descriptions = Readonly<Record<string, TypeDescription>>

export interface TypeDescription {
  description: string
  fields?: Readonly<Record<string, string>>
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const gvkExtension = 'x-kubernetes-group-version-kind'

/** Scalars that are definitions of their own, because Go has a type for them. */
const scalarDefinitions: Record<string, { name: string; schema(dialect: Dialect): JSONSchema }> = {
  quantity: {
    name: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
    schema: ({ oneOf }) => ({
      description: 'A number with an optional suffix: 500m, 2, 1.5Gi.',
      ...(oneOf ? { oneOf: [{ type: 'string' }, { type: 'number' }] } : { type: 'string' }),
    }),
  },
  'int-or-string': {
    name: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    schema: ({ oneOf }) => ({
      description: 'A number, or a text such as the name of a port or a percentage.',
      format: 'int-or-string',
      ...(oneOf ? { oneOf: [{ type: 'integer' }, { type: 'string' }] } : { type: 'string' }),
    }),
  },
  time: { name: `${meta}.Time`, schema: () => ({ description: 'A moment, RFC 3339.', type: 'string', format: 'date-time' }) },
  'micro-time': {
    name: `${meta}.MicroTime`,
    schema: () => ({ description: 'A moment with microseconds, RFC 3339.', type: 'string', format: 'date-time' }),
  },
  duration: { name: `${meta}.Duration`, schema: () => ({ description: 'A length of time: 90s, 1h30m.', type: 'string' }) },
  'fields-v1': { name: `${meta}.FieldsV1`, schema: () => ({ description: 'A set of fields in a tree.', type: 'object' }) },
  any: { name: 'io.k8s.apimachinery.pkg.runtime.RawExtension', schema: () => ({ description: 'Any object.', type: 'object' }) },
}

const plainScalars: Record<string, JSONSchema> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
}

/** The body of a patch has no schema. */
export const patchDefinition = `${meta}.Patch`

export interface DefinitionsOptions {
  schemas: SchemaRegistry
  descriptions: Descriptions
  dialect: Dialect
  /** Which definitions are objects of the API, with `apiVersion` and `kind`. */
  kinds: ReadonlyMap<string, readonly GroupVersionKind[]>
}

/** Collects the definitions that a document refers to, and all that these refer to. */
export class Definitions {
  readonly #options: DefinitionsOptions
  readonly #found = new Map<string, JSONSchema>()

  constructor(options: DefinitionsOptions) {
    this.#options = options
  }

  /** A reference to a definition, which becomes part of the document. */
  ref(name: string): JSONSchema {
    this.#add(name)
    return { $ref: this.#options.dialect.refPrefix + name }
  }

  /** All definitions so far, by name in order. */
  toJSON(): Record<string, JSONSchema> {
    return Object.fromEntries([...this.#found].sort(([left], [right]) => (left < right ? -1 : 1)))
  }

  #add(name: string): void {
    if (this.#found.has(name)) return
    const message = this.#options.schemas.get(name)
    if (message === undefined) {
      const scalar = Object.values(scalarDefinitions).find(candidate => candidate.name === name)
      const patch: JSONSchema = { description: 'Changes to an object, in the form that the media type names.', type: 'object' }
      this.#found.set(name, scalar?.schema(this.#options.dialect) ?? (name === patchDefinition ? patch : { type: 'object' }))
      return
    }
    // Set before the fields are looked at: a type may contain itself.
    const schema: JSONSchema = {}
    this.#found.set(name, schema)
    Object.assign(schema, this.#message(message))
  }

  #message({ name, fields, structType }: MessageSchema): JSONSchema {
    const { descriptions, kinds } = this.#options
    const own = descriptions[name]
    const properties: Record<string, JSONSchema> = {}
    const gvks = kinds.get(name)
    if (gvks !== undefined) {
      properties['apiVersion'] = { description: 'Group and version that the object is written in.', type: 'string' }
      properties['kind'] = { description: 'Kind of the object.', type: 'string' }
    }
    for (const [fieldName, field] of Object.entries(fields)) {
      properties[fieldName] = this.#field(field, own?.fields?.[fieldName] ?? this.#descriptionOf(field))
    }
    const required = Object.keys(fields)
      .filter(fieldName => fields[fieldName]!.required)
      .sort()
    return {
      ...(own === undefined ? {} : { description: own.description }),
      type: 'object',
      ...(required.length === 0 ? {} : { required }),
      ...(Object.keys(properties).length === 0 ? {} : { properties: sorted(properties) }),
      ...(gvks === undefined ? {} : { [gvkExtension]: gvks.map(({ group, kind, version }) => ({ group, kind, version })) }),
      ...(structType === undefined ? {} : { 'x-kubernetes-map-type': structType }),
    }
  }

  /** A field without words of its own is described as its type is. */
  #descriptionOf({ type }: FieldSchema): string | undefined {
    return this.#options.descriptions[type]?.description
  }

  #field(field: FieldSchema, description: string | undefined): JSONSchema {
    const extensions: JSONSchema = {}
    if (field.listType !== undefined) extensions['x-kubernetes-list-type'] = field.listType
    if (field.listMapKeys !== undefined) extensions['x-kubernetes-list-map-keys'] = field.listMapKeys
    if (field.mapType !== undefined) extensions['x-kubernetes-map-type'] = field.mapType
    if (field.patchMergeKey !== undefined) extensions['x-kubernetes-patch-merge-key'] = field.patchMergeKey
    if (field.patchStrategy !== undefined) extensions['x-kubernetes-patch-strategy'] = field.patchStrategy
    const words: JSONSchema = description === undefined ? {} : { description }
    const standard: JSONSchema = field.default === undefined ? {} : { default: field.default }
    const value = this.#value(field)
    if (field.shape === 'list') return { ...words, type: 'array', items: value, ...extensions }
    if (field.shape === 'map') return { ...words, type: 'object', additionalProperties: value, ...extensions }
    const siblings = { ...words, ...standard, ...extensions }
    if (value.$ref === undefined || this.#options.dialect.refSiblings) return { ...siblings, ...value }
    return Object.keys(siblings).length === 0 ? value : { ...siblings, allOf: [value] }
  }

  /** One value of the field, which may be a list or map of them. */
  #value(field: FieldSchema): JSONSchema {
    // Lists that protobuf wraps into a message: `extra` of a user.
    if ('wrapped' in field && field.wrapped === true) return { type: 'array', items: { type: 'string' } }
    const plain = plainScalars[field.type]
    if (plain !== undefined) return { ...plain }
    return this.ref(scalarDefinitions[field.type]?.name ?? field.type)
  }
}

function sorted(properties: Record<string, JSONSchema>): Record<string, JSONSchema> {
  return Object.fromEntries(Object.entries(properties).sort(([left], [right]) => (left < right ? -1 : 1)))
}
