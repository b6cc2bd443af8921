/** The parts of JSON Schema that both OpenAPI versions share. */
export interface JSONSchema {
  $ref?: string
  description?: string
  type?: 'string' | 'boolean' | 'integer' | 'number' | 'array' | 'object'
  format?: string
  default?: unknown
  enum?: unknown[]
  required?: string[]
  properties?: Record<string, JSONSchema>
  items?: JSONSchema
  additionalProperties?: JSONSchema
  allOf?: JSONSchema[]
  oneOf?: JSONSchema[]
  uniqueItems?: boolean
  [extension: `x-${string}`]: unknown
}

/** What differs between the two versions of OpenAPI in schemas. */
export interface Dialect {
  /** Where definitions are: `#/definitions/`. */
  refPrefix: string
  /** Whether a `$ref` may have siblings. */
  refSiblings: boolean
  /** Whether a value may have one of several types. */
  oneOf: boolean
}

export const swaggerDialect: Dialect = { refPrefix: '#/definitions/', refSiblings: true, oneOf: false }
export const openAPI3Dialect: Dialect = { refPrefix: '#/components/schemas/', refSiblings: false, oneOf: true }
