import type { JSONSchema } from './json-schema.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import type { SwaggerDocument, SwaggerOperation, SwaggerParameter, SwaggerPathItem } from './swagger.ts'

/**
 * Writes a document of OpenAPI 2 in the protobuf form of google/gnostic-models (`openapiv2/OpenAPIv2.proto`): the only one that kubectl
 * takes. Numbers are those of the fields there.
 */
export function encodeSwagger(document: SwaggerDocument): Buffer {
  const encoder = new SwaggerEncoder()
  encoder.document(document)
  return encoder.writer.finish()
}

const methodNumbers: Record<string, number> = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 }

class SwaggerEncoder {
  readonly writer = new ProtobufWriter()

  document({ swagger, info, paths, definitions }: SwaggerDocument): void {
    const { writer } = this
    writer.text(1, swagger)
    writer.message(2, () => {
      writer.text(1, info.title)
      writer.text(2, info.version)
    })
    writer.message(8, () => this.#named(2, paths, item => this.#pathItem(item)))
    writer.message(9, () => this.#named(1, definitions, schema => this.#schema(schema)))
  }

  #pathItem({ parameters, ...operations }: SwaggerPathItem): void {
    for (const [method, operation] of Object.entries(operations)) {
      this.writer.message(methodNumbers[method]!, () => this.#operation(operation as SwaggerOperation))
    }
    for (const parameter of parameters ?? []) this.writer.message(9, () => this.#parametersItem(parameter))
  }

  #operation(operation: SwaggerOperation): void {
    const { writer } = this
    for (const tag of operation.tags) writer.text(1, tag)
    writer.text(3, operation.description)
    writer.text(5, operation.operationId)
    for (const type of operation.produces) writer.text(6, type)
    for (const type of operation.consumes) writer.text(7, type)
    for (const parameter of operation.parameters ?? []) writer.message(8, () => this.#parametersItem(parameter))
    writer.message(9, () => this.#named(1, operation.responses, response => writer.message(1, () => this.#response(response))))
    for (const scheme of operation.schemes) writer.text(10, scheme)
    this.#vendorExtensions(13, operation)
  }

  #response({ description, schema }: SwaggerOperation['responses'][string]): void {
    this.writer.text(1, description)
    if (schema === undefined) return
    // SchemaItem { Schema }
    this.writer.message(2, () => this.writer.message(1, () => this.#schema(schema)))
  }

  /** ParametersItem { Parameter { BodyParameter | NonBodyParameter { … } } } */
  #parametersItem(parameter: SwaggerParameter): void {
    const { writer } = this
    writer.message(1, () => {
      if (parameter.in === 'body') writer.message(1, () => this.#bodyParameter(parameter))
      else writer.message(2, () => writer.message(parameter.in === 'query' ? 3 : 4, () => this.#subSchema(parameter)))
    })
  }

  #bodyParameter({ name, in: place, required, schema }: Extract<SwaggerParameter, { in: 'body' }>): void {
    this.writer.text(2, name)
    this.writer.text(3, place)
    this.writer.flag(4, required)
    this.writer.message(5, () => this.#schema(schema))
  }

  #subSchema({ name, in: place, description, type, required, uniqueItems }: Exclude<SwaggerParameter, { in: 'body' }>): void {
    // QueryParameterSubSchema has one field more before `type` than PathParameterSubSchema.
    const shift = place === 'query' ? 1 : 0
    this.writer.flag(1, required)
    this.writer.text(2, place)
    this.writer.text(3, description)
    this.writer.text(4, name)
    this.writer.text(5 + shift, type)
    this.writer.flag(19 + shift, uniqueItems)
  }

  #schema(schema: JSONSchema): void {
    const { writer } = this
    if (schema.$ref !== undefined) writer.text(1, schema.$ref)
    if (schema.format !== undefined) writer.text(2, schema.format)
    if (schema.description !== undefined) writer.text(4, schema.description)
    if (schema.default !== undefined) writer.message(5, () => this.#any(schema.default))
    for (const name of schema.required ?? []) writer.text(19, name)
    const { additionalProperties, items, properties } = schema
    if (additionalProperties !== undefined) writer.message(21, () => writer.message(1, () => this.#schema(additionalProperties)))
    if (schema.type !== undefined) {
      const { type } = schema
      writer.message(22, () => writer.text(1, type))
    }
    if (items !== undefined) writer.message(23, () => writer.message(1, () => this.#schema(items)))
    if (properties !== undefined) writer.message(25, () => this.#named(1, properties, property => this.#schema(property)))
    this.#vendorExtensions(31, schema)
  }

  #vendorExtensions(number: number, value: object): void {
    for (const [key, extension] of Object.entries(value)) {
      if (!key.startsWith('x-')) continue
      this.writer.message(number, () => {
        this.writer.text(1, key)
        this.writer.message(2, () => this.#any(extension))
      })
    }
  }

  /** Any { yaml }: JSON is YAML. */
  #any(value: unknown): void {
    this.writer.text(2, JSON.stringify(value))
  }

  /** A map as a repeated message of name and value. */
  #named<T>(number: number, map: Record<string, T>, write: (value: T) => void): void {
    for (const [name, value] of Object.entries(map)) {
      this.writer.message(number, () => {
        this.writer.text(1, name)
        this.writer.message(2, () => write(value))
      })
    }
  }
}
