import { coxswainVersion } from '#base/version.ts'
import type { JSONObject } from '#apimachinery/value/json-value.ts'
import { type Route, route } from './route.ts'
import { anyObject, type JSONSchema } from '#apimachinery/validation/shape.ts'

const json = (schema: JSONSchema) => ({ 'application/json': { schema } })
const refusal = { description: 'A Status of Kubernetes; details.causes names fields', content: json({ type: 'object' }) }

/** The routes as an OpenAPI document. @param server URL below which they are */
export function openAPIDocument(routes: readonly Route[], server: string): JSONObject {
  const paths: Record<string, JSONObject> = {}
  for (const each of routes) (paths[each.path] ??= {})[each.method.toLowerCase()] = operationOf(each)
  return { openapi: '3.1.0', info: { title: 'Coxswain test server', version: coxswainVersion }, servers: [{ url: server }], paths }
}

/** The route that answers with the document of all others. */
export function openAPIRoute(routes: readonly Route[]): Route {
  return route({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This API as an OpenAPI document',
    answer: anyObject('OpenAPI 3.1'),
    run: ({ hosted }) => openAPIDocument(routes, hosted.endpoint.control),
  })
}

function operationOf({ summary, path, query, body, answer }: Route): JSONObject {
  const ofPath = parameterNames(path).map(name => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  const { properties = {}, required = [] } = query.schema as { properties?: Record<string, JSONSchema>; required?: string[] }
  const ofQuery = Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), schema }))
  return {
    summary,
    ...(ofPath.length + ofQuery.length > 0 && { parameters: [...ofPath, ...ofQuery] }),
    ...(body !== undefined && { requestBody: { required: true, content: json(body.schema) } }),
    responses: { 200: { description: 'Done', content: json(answer.schema) }, default: refusal },
  }
}

/** `name` of `/nodes/{name}`. */
export function parameterNames(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
}
