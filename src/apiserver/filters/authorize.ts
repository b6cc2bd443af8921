import { newForbidden, StatusError } from '#apimachinery/status/status.ts'
import { quote } from '#apimachinery/text/quote.ts'
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from '../authorization/authorizer.ts'
import type { UserInfo } from '../registry/resource.ts'
import type { RequestInfo } from '../request/request-info.ts'

/** @throws StatusError Forbidden (or rejects with it) when the user may not do that */
export function authorize(authorizer: Authorizer, user: UserInfo, info: RequestInfo): Promise<void> | undefined {
  const attributes = attributesOf(user, info)
  const answer = authorizer.authorize(attributes)
  if (answer instanceof Promise) return answer.then(later => refuseUnlessAllowed(attributes, later))
  refuseUnlessAllowed(attributes, answer)
  return undefined
}

function refuseUnlessAllowed(attributes: AuthorizationAttributes, { decision, reason }: AuthorizationDecision): void {
  if (decision !== 'allow') throw newRefusal(attributes, reason)
}

export function attributesOf(user: UserInfo, info: RequestInfo): AuthorizationAttributes {
  const { verb, path, namespace, group, version, resource, subresource, name, fieldSelector } = info
  if (!info.isResourceRequest) return { isResourceRequest: false, user, verb, path }
  const base = { isResourceRequest: true as const, user, verb, namespace, group, version, resource, subresource, name }
  return fieldSelector === undefined ? base : { ...base, fieldSelector }
}

/** The refusal in upstream's words. */
export function newRefusal(attributes: AuthorizationAttributes, reason: string): StatusError {
  const sentence = refusalSentence(attributes)
  const cause = reason === '' ? sentence : `${sentence}: ${reason}`
  if (!attributes.isResourceRequest) return newForbidden({ group: '', resource: '' }, '', cause)
  return newForbidden({ group: attributes.group, resource: attributes.resource }, attributes.name, cause)
}

function refusalSentence(attributes: AuthorizationAttributes): string {
  const subject = `User ${quote(attributes.user.name)} cannot ${attributes.verb}`
  if (!attributes.isResourceRequest) return `${subject} path ${quote(attributes.path)}`
  const { resource, subresource, group, namespace } = attributes
  const shown = subresource === '' ? resource : `${resource}/${subresource}`
  const place = namespace === '' ? 'at the cluster scope' : `in the namespace ${quote(namespace)}`
  return `${subject} resource ${quote(shown)} in API group ${quote(group)} ${place}`
}
