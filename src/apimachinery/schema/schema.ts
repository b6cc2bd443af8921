/**
 * What the fields of an API type are, as data: names, types, protobuf numbers, and the markers that merge patches, server-side apply and
 * OpenAPI need. Generated from Kubernetes' official protobuf files and Go types (see `hack/generate/api.ts`).
 */

/** Scalars by their JSON form. `quantity`, `int-or-string`, `time`, `micro-time` and `duration` have a protobuf message of their own. */
export type ScalarType =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'quantity'
  | 'int-or-string'
  | 'time'
  | 'micro-time'
  | 'duration'
  | 'fields-v1'
  | 'any'

export interface FieldSchema {
  /** Protobuf field number, inside the inline message if `inline` is given. */
  number: number
  /** A scalar, or the name of a message in the same registry, for example `io.k8s.api.core.v1.PodSpec`. */
  type: ScalarType | (string & {})
  /** Left out for a single value; maps have string keys. */
  shape?: 'list' | 'map'
  required?: true
  /** A scalar that may be left out, yet is always present in JSON: its zero value at least. */
  shown?: true
  /** A struct that upstream holds by value: it is always present in JSON, as `{}` when empty; a time as `null`, a quantity as `0`. */
  embedded?: true
  /** A scalar that upstream holds by pointer: zero values (`0`, `false`, `''`) differ from none. */
  pointer?: true
  /** In protobuf the list (or each list of the map) is a message whose field 1 holds the items. */
  wrapped?: true
  /** Protobuf field number of the message that wraps this field on the wire only (Go: an embedded struct). */
  inline?: number
  listType?: 'atomic' | 'set' | 'map'
  listMapKeys?: string[]
  /** `atomic`: server-side apply owns a map or struct as a whole. */
  mapType?: 'atomic'
  patchStrategy?: 'replace' | 'merge' | 'retainKeys' | 'merge,retainKeys'
  patchMergeKey?: string
  default?: unknown
}

export interface MessageSchema {
  /** OpenAPI definition name, for example `io.k8s.api.core.v1.Pod`. */
  name: string
  /** Has `apiVersion` and `kind` of its own. */
  root?: true
  /** By JSON name. */
  fields: Record<string, FieldSchema>
  /** `atomic`: server-side apply owns the struct as a whole wherever it is used. */
  structType?: 'atomic'
}

/** All known messages by name. Groups add their own with `addSchemas`. */
export class SchemaRegistry {
  readonly #messages = new Map<string, MessageSchema>()

  constructor(...tables: Record<string, Omit<MessageSchema, 'name'>>[]) {
    for (const table of tables) for (const [name, message] of Object.entries(table)) this.#messages.set(name, { name, ...message })
  }

  /** The message of that name; undefined for scalars and unknown names. */
  get(name: string): MessageSchema | undefined {
    return this.#messages.get(name)
  }

  all(): Iterable<MessageSchema> {
    return this.#messages.values()
  }
}
