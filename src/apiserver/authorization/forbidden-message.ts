import { quote } from '#apimachinery/text/quote.ts'
import type { AuthorizationAttributes } from './authorizer.ts'

/** Why a request is refused: `User "jane" cannot list resource "pods" in API group "" in the namespace "default"`, and the reason. */
export function forbiddenMessage(attributes: AuthorizationAttributes, reason = ''): string {
  const sentence = sentenceOf(attributes)
  return reason === '' ? sentence : `${sentence}: ${reason}`
}

function sentenceOf(attributes: AuthorizationAttributes): string {
  const start = `User ${quote(attributes.user.name)} cannot ${attributes.verb}`
  if (!attributes.isResourceRequest) return `${start} path ${quote(attributes.path)}`
  const { resource, subresource, group, namespace } = attributes
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${quote(namespace)}`
  return `${start} resource ${quote(what)} in API group ${quote(group)} ${where}`
}
