import { parseAccept } from '../endpoints/negotiation.ts'
import { newNoSuchPath, notFoundResponse } from '../endpoints/not-served.ts'
import type { PathHandler } from '../path-handler.ts'
import { type APIRequest, headerOf } from '../request/api-request.ts'
import { type APIResponse, jsonBody } from '../request/api-response.ts'
import type { RouteTable } from '../routes.ts'
import { DiscoveryDocuments } from './documents.ts'

/**
 * `/api` and `/apis` and what is below them, legacy and aggregated by the `Accept` header.
 * @param serverAddress what `/api` names as the server's address: `10.0.0.1:6443`
 */
export function discoveryHandlers(routes: RouteTable, serverAddress: () => string): PathHandler[] {
  let known: { documents: DiscoveryDocuments; generation: number } | undefined
  const documents = () => {
    if (known?.generation !== routes.generation) known = { documents: new DiscoveryDocuments(routes), generation: routes.generation }
    return known!.documents
  }
  return [
    {
      path: '/api',
      prefix: true,
      handle(request) {
        const [, , version, ...rest] = request.path.replace(/\/$/, '').split('/')
        if (version === undefined) return root(request, documents(), 'core', () => documents().coreVersions(serverAddress()))
        return found(rest.length > 0 ? undefined : documents().resourceList('', version))
      },
    },
    {
      path: '/apis',
      prefix: true,
      handle(request) {
        const [, , group, version, ...rest] = request.path.replace(/\/$/, '').split('/')
        if (group === undefined) return root(request, documents(), 'groups', () => documents().groupList())
        const served = documents().group(group)
        if (served === undefined) return notFoundResponse()
        if (version === undefined) return found(served)
        return found(rest.length > 0 ? undefined : documents().resourceList(group, version))
      },
    },
  ]
}

/** @throws StatusError NotFound */
function found(document: object | undefined): APIResponse {
  if (document === undefined) throw newNoSuchPath()
  return { status: 200, body: jsonBody(document) }
}

function root(request: APIRequest, documents: DiscoveryDocuments, part: 'core' | 'groups', legacy: () => object): APIResponse {
  const version = aggregatedVersion(headerOf(request, 'accept'))
  if (version === undefined) return { status: 200, body: jsonBody(legacy()), headers: { vary: 'Accept' } }
  const { bytes, value, etag } = documents.aggregated(part, version)
  const headers = { vary: 'Accept', etag }
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
  if (headerOf(request, 'if-none-match') === etag) {
    return { status: 304, body: { type: 'value', contentType, bytes: () => nothing, value: () => undefined }, headers }
  }
  return { status: 200, body: { type: 'value', contentType, bytes: () => bytes, value: () => value }, headers }
}

const nothing = Buffer.alloc(0)

/** Which aggregated version the client prefers to the legacy form. */
function aggregatedVersion(accept: string): 'v2' | 'v2beta1' | undefined {
  for (const { type, parameters } of parseAccept(accept)) {
    const version = parameters.get('v')
    if (type !== 'application/json') continue
    if (parameters.get('as') === undefined) return undefined
    if (parameters.get('g') === 'apidiscovery.k8s.io' && (version === 'v2' || version === 'v2beta1')) return version
  }
  return undefined
}
