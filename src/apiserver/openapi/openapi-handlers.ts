import { newNotAcceptable } from '#apimachinery/status/status.ts'
import type { PathHandler } from '../path-handler.ts'
import { type APIRequest, headerOf } from '../request/api-request.ts'
import { type APIResponse, jsonBody, textBody } from '../request/api-response.ts'
import type { OpenAPIService, StaticAnswer } from './openapi-service.ts'

const swaggerProtobufTypes = [
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
]
const jsonTypes = ['application/json', 'application/*', '*/*']

/** `/openapi/v2`, `/openapi/v3` and what is below it. */
export function openAPIHandlers(service: OpenAPIService): PathHandler[] {
  return [
    { path: '/openapi/v2', handle: request => answerSwagger(service, request) },
    { path: '/openapi/v3', prefix: true, handle: request => answerOpenAPI3(service, request) },
  ]
}

function answerSwagger(service: OpenAPIService, request: APIRequest): APIResponse {
  for (const type of acceptedTypes(request)) {
    if (swaggerProtobufTypes.includes(type)) return answer(service.swaggerProtobuf(), request)
    if (jsonTypes.includes(type)) return answer(service.swaggerJSON(), request)
  }
  throw newNotAcceptable(`only the following media types are accepted: ${['application/json', ...swaggerProtobufTypes].join(', ')}`)
}

function answerOpenAPI3(service: OpenAPIService, request: APIRequest): APIResponse {
  if (!acceptedTypes(request).some(type => jsonTypes.includes(type))) {
    throw newNotAcceptable('only the following media types are accepted: application/json')
  }
  const path = request.path.slice('/openapi/v3'.length).replace(/^\/|\/$/g, '')
  if (path === '') return { status: 200, body: jsonBody(index(service)) }
  const document = service.groupVersion(path)
  if (document === undefined) return { status: 404, body: textBody('404 page not found\n') }
  const hash = new URLSearchParams(request.query).get('hash')
  if (hash === null) return answer(document, request)
  // The address with a hash never changes its content, so it may be kept for ever; with an old hash it leads to the present one.
  if (hash !== document.hash) return { status: 301, headers: { location: addressOf(path, document) }, body: textBody('') }
  const response = answer(document, request)
  return { ...response, headers: { ...response.headers, 'cache-control': 'public, immutable' } }
}

function index(service: OpenAPIService): unknown {
  const entries = service.groupVersionPaths().map(path => [path, { serverRelativeURL: addressOf(path, service.groupVersion(path)!) }])
  return { paths: Object.fromEntries(entries) }
}

function addressOf(path: string, { hash }: StaticAnswer): string {
  return `/openapi/v3/${path}?hash=${hash}`
}

/** Media types that the client takes, most wanted first; all of them when it does not say. */
function acceptedTypes(request: APIRequest): string[] {
  const header = headerOf(request, 'accept')
  if (header === '') return ['*/*']
  return header
    .split(',')
    .map(part => {
      const [type = '', ...parameters] = part.split(';').map(text => text.trim())
      const quality = parameters.find(parameter => parameter.startsWith('q='))
      return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) }
    })
    .filter(({ quality }) => quality > 0)
    .sort((left, right) => right.quality - left.quality)
    .map(({ type }) => type)
}

function answer(document: StaticAnswer, request: APIRequest): APIResponse {
  const etag = `"${document.hash}"`
  const headers: Record<string, string> = { etag, vary: 'Accept-Encoding, Accept' }
  if (headerOf(request, 'if-none-match') === etag) return { status: 304, headers, body: emptyBody }
  const { contentType } = document
  return {
    status: 200,
    headers,
    body: {
      type: 'value',
      contentType,
      bytes: () => document.bytes,
      value: () => JSON.parse(document.bytes.toString('utf8')),
    },
  }
}

const emptyBody = textBody('')
