import type { Definitions } from './definitions.ts'
import type { JSONSchema } from './json-schema.ts'
import type { Operation, PathOperations } from './operations.ts'
import type { Parameter } from './parameters.ts'
import { statusTexts } from './swagger.ts'

const answerTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

/** A document of OpenAPI 3, as far as we fill it. */
export interface OpenAPI3Document {
  openapi: '3.0.0'
  info: { title: string; version: string }
  paths: Record<string, Record<string, unknown>>
  components: { schemas: Record<string, JSONSchema> }
}

/** The document of one group and version. */
export function openAPI3Document(paths: readonly PathOperations[], definitions: Definitions, version: string): OpenAPI3Document {
  const items: OpenAPI3Document['paths'] = {}
  for (const { path, parameters, operations } of paths.toSorted((left, right) => (left.path < right.path ? -1 : 1))) {
    const item: Record<string, unknown> = {}
    for (const operation of operations) item[operation.method] = operationObject(operation, definitions)
    item['parameters'] = parameters.map(parameterObject)
    items[path] = item
  }
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version }, paths: items, components: { schemas: definitions.toJSON() } }
}

function operationObject(operation: Operation, definitions: Definitions): Record<string, unknown> {
  const content = (types: readonly string[], schema: JSONSchema) => Object.fromEntries(types.map(type => [type, { schema }]))
  const responses: Record<string, unknown> = {}
  for (const [status, definition] of Object.entries(operation.responses)) {
    const body = definition === undefined ? content(['*/*'], { type: 'string' }) : content(answerTypes, definitions.ref(definition))
    responses[status] = { description: statusTexts[status] ?? '', content: body }
  }
  responses['401'] = { description: 'Unauthorized' }
  const { group, kind, version } = operation.gvk
  const { body } = operation
  const required = operation.method === 'delete' ? {} : { required: true }
  return {
    description: operation.description,
    operationId: operation.id,
    tags: [operation.tag],
    parameters: operation.parameters.map(parameterObject),
    ...(body === undefined
      ? {}
      : { requestBody: { content: content(operation.bodyTypes ?? ['*/*'], definitions.ref(body)), ...required } }),
    responses,
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': { group, kind, version },
  }
}

function parameterObject({ name, in: place, type, description, required }: Parameter): Record<string, unknown> {
  return { name, in: place, description, ...(required === undefined ? {} : { required }), schema: { type, uniqueItems: true } }
}
