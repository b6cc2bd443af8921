import type { JSONSchema } from './json-schema.ts'
import type { SwaggerDocument, SwaggerOperation, SwaggerParameter, SwaggerPathItem } from './swagger.ts'

/**
 * Writes a document of OpenAPI 2 in the protobuf form of google/gnostic-models (`openapiv2/OpenAPIv2.proto`): the only one that kubectl
 * takes. Numbers are those of the fields there.
 */
export function encodeSwagger(document: SwaggerDocument): Buffer {
  return Buffer.concat([
    text(1, document.swagger),
    message(2, text(1, document.info.title), text(2, document.info.version)),
    message(8, ...named(2, document.paths, pathItem)),
    message(9, ...named(1, document.definitions, schema)),
  ])
}

function pathItem({ parameters, ...operations }: SwaggerPathItem): Buffer {
  const parts = Object.entries(operations).map(([method, operation]) =>
    message(methodNumbers[method]!, operationMessage(operation as SwaggerOperation)),
  )
  return Buffer.concat([...parts, ...(parameters ?? []).map(parameter => message(9, parametersItem(parameter)))])
}

const methodNumbers: Record<string, number> = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 }

function operationMessage(operation: SwaggerOperation): Buffer {
  return Buffer.concat([
    ...operation.tags.map(tag => text(1, tag)),
    text(3, operation.description),
    text(5, operation.operationId),
    ...operation.produces.map(type => text(6, type)),
    ...operation.consumes.map(type => text(7, type)),
    ...(operation.parameters ?? []).map(parameter => message(8, parametersItem(parameter))),
    message(9, ...named(1, operation.responses, response => message(1, text(1, response.description), ...answerSchema(response.schema)))),
    ...operation.schemes.map(scheme => text(10, scheme)),
    ...vendorExtensions(13, operation),
  ])
}

function answerSchema(value: JSONSchema | undefined): Buffer[] {
  return value === undefined ? [] : [message(2, message(1, schema(value)))]
}

/** ParametersItem { Parameter { BodyParameter | NonBodyParameter { … } } } */
function parametersItem(parameter: SwaggerParameter): Buffer {
  if (parameter.in === 'body') {
    const body = message(
      1,
      text(2, parameter.name),
      text(3, parameter.in),
      flag(4, parameter.required),
      message(5, schema(parameter.schema)),
    )
    return message(1, body)
  }
  const { name, in: place, description, type, required, uniqueItems } = parameter
  const common = [flag(1, required), text(2, place), text(3, description), text(4, name)]
  const isQuery = place === 'query'
  // QueryParameterSubSchema has one field more before `type` than PathParameterSubSchema.
  const subSchema = isQuery
    ? message(3, ...common, text(6, type), flag(20, uniqueItems))
    : message(4, ...common, text(5, type), flag(19, uniqueItems))
  return message(1, message(2, subSchema))
}

function schema(value: JSONSchema): Buffer {
  const parts: Buffer[] = []
  if (value.$ref !== undefined) parts.push(text(1, value.$ref))
  if (value.format !== undefined) parts.push(text(2, value.format))
  if (value.description !== undefined) parts.push(text(4, value.description))
  if (value.default !== undefined) parts.push(message(5, any(value.default)))
  for (const name of value.required ?? []) parts.push(text(19, name))
  for (const item of value.enum ?? []) parts.push(message(20, any(item)))
  if (value.additionalProperties !== undefined) parts.push(message(21, message(1, schema(value.additionalProperties))))
  if (value.type !== undefined) parts.push(message(22, text(1, value.type)))
  if (value.items !== undefined) parts.push(message(23, message(1, schema(value.items))))
  if (value.properties !== undefined) parts.push(message(25, ...named(1, value.properties, schema)))
  parts.push(...vendorExtensions(31, value))
  return Buffer.concat(parts)
}

function vendorExtensions(number: number, value: object): Buffer[] {
  const extensions = Object.entries(value).filter(([key]) => key.startsWith('x-'))
  return extensions.map(([key, extension]) => message(number, text(1, key), message(2, any(extension))))
}

/** Any { yaml }: JSON is YAML. */
function any(value: unknown): Buffer {
  return text(2, JSON.stringify(value))
}

/** A map as a repeated message of name and value. */
function named<T>(number: number, map: Record<string, T>, encode: (value: T) => Buffer): Buffer[] {
  return Object.entries(map).map(([name, value]) => message(number, text(1, name), message(2, encode(value))))
}

function message(number: number, ...parts: Buffer[]): Buffer {
  let length = 0
  for (const part of parts) length += part.length
  return Buffer.concat([varint(number * 8 + 2), varint(length), ...parts])
}

function text(number: number, value: string): Buffer {
  return message(number, Buffer.from(value))
}

/** False is the default and not written. */
function flag(number: number, value: boolean | undefined): Buffer {
  return value === true ? Buffer.concat([varint(number * 8), Buffer.from([1])]) : Buffer.alloc(0)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}
