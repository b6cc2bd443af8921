import { newBadRequest } from '#apimachinery/status/status.ts'
import { parseFieldSelector } from '#apimachinery/fields/selector.ts'
import { shared } from '#base/shared-text.ts'

/** What a request is about, from its method, path and query. Behaviour: k8s.io/apiserver's `RequestInfoFactory`. */
export interface RequestInfo {
  isResourceRequest: boolean
  /** Decoded. */
  path: string
  /** As RBAC knows it; the method in lower case for other paths. */
  verb: string
  group: string
  version: string
  namespace: string
  resource: string
  subresource: string
  name: string
  /** Fields that a list or watch requires to have a value, for authorization. */
  fieldSelector?: Readonly<Record<string, string>>
  /** What follows the subresource, without the slash: for `proxy`. */
  rest: string
}

const verbs: Record<string, string> = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
const namespaceSubresources = new Set(['status', 'finalize'])

/** @throws StatusError BadRequest for a malformed path */
export function parseRequestInfo(method: string, rawPath: string, query: string): RequestInfo {
  const info: RequestInfo = {
    isResourceRequest: false,
    path: rawPath,
    verb: '',
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    rest: '',
  }
  const parts = splitPath(rawPath)
  if (rawPath.includes('%')) info.path = decode(rawPath)
  let index = resourceStart(parts, info)
  if (index < 0 || parts.length <= index) {
    info.verb = method.toLowerCase()
    return info
  }
  info.isResourceRequest = true
  info.verb = verbs[method] ?? ''
  const isLegacyWatch = parts[index] === 'watch' && parts.length > index + 1
  if (isLegacyWatch) index++
  fillResource(parts, index, info)
  if (info.name === '') collectionVerb(info, query, isLegacyWatch)
  else if (isLegacyWatch) info.verb = 'watch'
  return info
}

/** Where the resource part starts: behind `/api/v1` and `/apis/group/version`; -1 when the path is no such path. */
function resourceStart(parts: readonly string[], info: RequestInfo): number {
  if (parts[0] === 'api' && parts.length > 2) {
    info.version = parts[1]!
    return 2
  }
  if (parts[0] === 'apis' && parts.length > 3) {
    info.group = parts[1]!
    info.version = parts[2]!
    return 3
  }
  return -1
}

function fillResource(parts: readonly string[], start: number, info: RequestInfo): void {
  let index = start
  if (parts[index] === 'namespaces' && parts.length > index + 1) {
    // Objects keep it.
    info.namespace = shared(parts[index + 1]!)
    if (parts.length > index + 2 && !namespaceSubresources.has(parts[index + 2]!)) index += 2
  }
  info.resource = parts[index]!
  info.name = parts[index + 1] ?? ''
  info.subresource = parts[index + 2] ?? ''
  if (parts.length > index + 3) info.rest = parts.slice(index + 3).join('/')
}

function collectionVerb(info: RequestInfo, query: string, isLegacyWatch: boolean): void {
  if (info.verb === 'delete') info.verb = 'deletecollection'
  if (info.verb !== 'get') return
  const isWatch = isLegacyWatch || (query.includes('watch') && isTrue(new URLSearchParams(query).get('watch')))
  info.verb = isWatch ? 'watch' : 'list'
  if (query.includes('fieldSelector')) selectFields(info, new URLSearchParams(query).get('fieldSelector') ?? '')
}

/** A selector for one name makes the request one about that object, for authorization. */
function selectFields(info: RequestInfo, fieldSelector: string): void {
  try {
    const selector = parseFieldSelector(fieldSelector)
    info.name = selector.exactMatch('metadata.name') ?? ''
    info.fieldSelector = Object.fromEntries(
      selector.requirements.filter(({ operator }) => operator === '=').map(({ field, value }) => [field, value]),
    )
  } catch {
    // The endpoint says what is wrong with it.
  }
}

export function isTrue(value: string | null | undefined): boolean {
  return value !== null && value !== undefined && value !== 'false' && value !== '0'
}

function splitPath(rawPath: string): string[] {
  const parts = rawPath.split('/')
  if (parts[0] === '') parts.shift()
  if (parts.at(-1) === '') parts.pop()
  return rawPath.includes('%') ? parts.map(decode) : parts
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw newBadRequest(`invalid URL escape in ${JSON.stringify(text)}`)
  }
}
