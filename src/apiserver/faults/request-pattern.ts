import { deepCopy } from '#apimachinery/value/json-value.ts'
import { requireKnownFields, requireOneOf } from '#base/known-fields.ts'
import type { UserInfo } from '../registry/resource.ts'
import type { RequestInfo } from '../request/request-info.ts'

/** The value itself, or one of these. */
export type OneOf = string | readonly string[]

/** Whose requests, and for which resource. */
export interface SenderPattern {
  /** The sender, or whom it acts as: `system:node:node-0`, `system:kube-scheduler`. */
  user?: OneOf
  /** What the User-Agent header begins with, up to the slash: `kubelet`, `kube-scheduler`, `kubectl`. */
  program?: OneOf
  /** Plural: `pods`. */
  resource?: OneOf
}

/** Which requests a fault concerns: those that are as it says in everything it says. An empty one concerns all. */
export interface RequestPattern extends SenderPattern {
  /** As RBAC knows it: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`. */
  verb?: OneOf
  /** `status`, `binding`, …; '' for none. Left out: with and without. */
  subresource?: OneOf
  namespace?: OneOf
  name?: OneOf
  /** Asked last: whatever else the caller wants to look at or to leave to chance. What it is given is its own. */
  where?: (request: FaultableRequest) => boolean
}

const senderFields = ['user', 'program', 'resource']
const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']

/** @throws TypeError for a pattern that would never fit, or fit what was not meant */
export function requireRequestPattern(pattern: RequestPattern): void {
  requireKnownFields('which requests', pattern, [...senderFields, 'verb', 'subresource', 'namespace', 'name', 'where'])
  for (const verb of pattern.verb === undefined ? [] : [pattern.verb].flat()) requireOneOf('the verb of requests', verb, verbs)
}

/** @param also what else the pattern says. @throws TypeError */
export function requireSenderPattern(what: string, pattern: SenderPattern, also: readonly string[] = []): void {
  requireKnownFields(what, pattern, [...senderFields, ...also])
}

/** A request that was let in. */
export interface FaultableRequest {
  readonly user: UserInfo
  readonly userAgent: string
  readonly info: RequestInfo
}

export function fitsRequest(pattern: RequestPattern, request: FaultableRequest): boolean {
  const { info } = request
  return (
    fitsSender(pattern, request) &&
    fits(pattern.verb, info.verb) &&
    fits(pattern.subresource, info.subresource) &&
    fits(pattern.namespace, info.namespace) &&
    fits(pattern.name, info.name) &&
    (pattern.where?.(copyOfRequest(request)) ?? true)
  )
}

/** For functions of whoever orders faults: what they change is not what the server decides by. */
export function copyOfRequest({ user, userAgent, info }: FaultableRequest): FaultableRequest {
  return { user: deepCopy(user), userAgent, info: deepCopy(info) }
}

export function fitsSender(pattern: SenderPattern, { user, userAgent, info }: FaultableRequest): boolean {
  return fits(pattern.user, user.name) && fits(pattern.program, userAgent.split('/', 1)[0]!) && fits(pattern.resource, info.resource)
}

export function fits(wanted: OneOf | undefined, actual: string): boolean {
  return wanted === undefined || (typeof wanted === 'string' ? wanted === actual : wanted.includes(actual))
}
