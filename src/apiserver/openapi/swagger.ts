import type { Definitions } from './definitions.ts'
import type { JSONSchema } from './json-schema.ts'
import type { Operation, PathOperations } from './operations.ts'
import type { Parameter } from './parameters.ts'

const gvkExtension = 'x-kubernetes-group-version-kind'
const jsonTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

/** A document of OpenAPI 2, as far as we fill it. */
export interface SwaggerDocument {
  swagger: '2.0'
  info: { title: string; version: string }
  paths: Record<string, SwaggerPathItem>
  definitions: Record<string, JSONSchema>
}

export interface SwaggerPathItem {
  parameters?: SwaggerParameter[]
  [method: string]: SwaggerOperation | SwaggerParameter[] | undefined
}

export interface SwaggerOperation {
  description: string
  operationId: string
  tags: string[]
  consumes: string[]
  produces: string[]
  schemes: string[]
  parameters?: SwaggerParameter[]
  responses: Record<string, { description: string; schema?: JSONSchema }>
  [extension: `x-${string}`]: unknown
}

export type SwaggerParameter =
  | { in: 'body'; name: 'body'; required?: true; schema: JSONSchema }
  | { in: 'path' | 'query'; name: string; type: string; description: string; required?: true; uniqueItems: true }

/** The document that `/openapi/v2` answers. */
export function swaggerDocument(paths: readonly PathOperations[], definitions: Definitions, version: string): SwaggerDocument {
  const items: Record<string, SwaggerPathItem> = {}
  for (const { path, parameters, operations } of paths.toSorted((left, right) => (left.path < right.path ? -1 : 1))) {
    const item: SwaggerPathItem = {}
    for (const operation of operations) item[operation.method] = swaggerOperation(operation, definitions)
    item.parameters = parameters.map(swaggerParameter)
    items[path] = item
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version }, paths: items, definitions: definitions.toJSON() }
}

function swaggerOperation(operation: Operation, definitions: Definitions): SwaggerOperation {
  const parameters: SwaggerParameter[] = []
  if (operation.body !== undefined) {
    // A delete needs no options.
    const required = operation.method === 'delete' ? {} : { required: true as const }
    parameters.push({ in: 'body', name: 'body', ...required, schema: definitions.ref(operation.body) })
  }
  parameters.push(...operation.parameters.map(swaggerParameter))
  const responses: SwaggerOperation['responses'] = {}
  for (const [status, definition] of Object.entries(operation.responses)) {
    responses[status] = {
      description: statusTexts[status] ?? '',
      schema: definition === undefined ? { type: 'string' } : definitions.ref(definition),
    }
  }
  responses['401'] = { description: 'Unauthorized' }
  const { group, kind, version } = operation.gvk
  return {
    description: operation.description,
    operationId: operation.id,
    tags: [operation.tag],
    consumes: [...(operation.bodyTypes ?? ['*/*'])],
    produces: operation.responses[200] === undefined ? ['*/*'] : jsonTypes,
    schemes: ['https'],
    ...(parameters.length === 0 ? {} : { parameters }),
    responses,
    'x-kubernetes-action': operation.action,
    [gvkExtension]: { group, kind, version },
  }
}

export const statusTexts: Record<string, string> = { 200: 'OK', 201: 'Created', 202: 'Accepted' }

function swaggerParameter({ name, in: place, type, description, required }: Parameter): SwaggerParameter {
  return { in: place, name, type, description, ...(required === undefined ? {} : { required }), uniqueItems: true }
}
