import { isDeepStrictEqual } from 'node:util'
import type { ClusterRole, PolicyRule, Role, RoleBinding } from '#api/rbac/v1/types.gen.ts'
import { newForbidden } from '#apimachinery/status/status.ts'
import { quote } from '#apimachinery/text/quote.ts'
import type { AdmissionPlugin, AdmissionRequest, RequestContext } from '../../registry/resource.ts'
import type { Authorizer } from '../authorizer.ts'
import { privilegedGroup } from '../union-authorizer.ts'
import { compactRules, missingRules, quoteList, ruleText } from './policy-rules.ts'
import { rbacGroup, type RuleResolver } from './rule-resolver.ts'

/**
 * Nobody gives away what they do not have: a role may be written only by who holds all of its rules or has the verb `escalate` on it, a
 * binding only by who holds all rules of the role or has the verb `bind` on it.
 */
export class RBACEscalationCheck implements AdmissionPlugin {
  readonly name = 'RBACEscalationCheck'
  readonly #resolver: RuleResolver
  readonly #authorizer: Authorizer

  constructor(resolver: RuleResolver, authorizer: Authorizer) {
    this.#resolver = resolver
    this.#authorizer = authorizer
  }

  validate(request: AdmissionRequest): Promise<void> | undefined {
    const { object, old, context } = request
    if (context.resource.group !== rbacGroup || object === undefined || context.subresource !== undefined) return undefined
    if (context.user.groups.includes(privilegedGroup)) return undefined
    switch (context.resource.resource) {
      case 'roles':
      case 'clusterroles':
        return this.#checkRole(object as Role | ClusterRole, old as Role | ClusterRole | undefined, context)
      case 'rolebindings':
      case 'clusterrolebindings':
        return this.#checkBinding(object as RoleBinding, old as RoleBinding | undefined, context)
      default:
        return undefined
    }
  }

  async #checkRole(role: Role | ClusterRole, old: Role | ClusterRole | undefined, context: RequestContext): Promise<void> {
    const aggregation = (role as ClusterRole).aggregationRule
    const sameAggregation = isDeepStrictEqual(aggregation, (old as ClusterRole | undefined)?.aggregationRule)
    const isUnchanged = old !== undefined && isDeepStrictEqual(role.rules ?? [], old.rules ?? []) && sameAggregation
    if (isUnchanged || (await this.#may('escalate', context.resource.resource, role.metadata.name, context))) return
    // What an aggregated role will hold is not known, so its author has to hold everything.
    const everything: PolicyRule[] = [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ]
    if (aggregation !== undefined && !sameAggregation && (await this.#complaintAbout(everything, context)) !== undefined) {
      throw newForbidden(context.resource, role.metadata.name, 'must have cluster-admin privileges to use the aggregationRule')
    }
    await this.#check(role.rules ?? [], role.metadata.name, context)
  }

  async #checkBinding(binding: RoleBinding, old: RoleBinding | undefined, context: RequestContext): Promise<void> {
    const isUnchanged =
      old !== undefined && isDeepStrictEqual(binding.roleRef, old.roleRef) && isDeepStrictEqual(binding.subjects ?? [], old.subjects ?? [])
    const { kind, name } = binding.roleRef
    if (isUnchanged || (await this.#may('bind', `${kind.toLowerCase()}s`, name, context))) return
    const rules = this.#resolver.rulesOf(binding.roleRef, context.namespace ?? '')
    if ('error' in rules) throw newForbidden(context.resource, binding.metadata.name, rules.error)
    await this.#check(rules, binding.metadata.name, context)
  }

  async #check(rules: readonly PolicyRule[], name: string, context: RequestContext): Promise<void> {
    const complaint = await this.#complaintAbout(rules, context)
    if (complaint !== undefined) throw newForbidden(context.resource, name, complaint)
  }

  async #complaintAbout(rules: readonly PolicyRule[], { user, namespace = '' }: RequestContext): Promise<string | undefined> {
    const held = this.#resolver.rulesFor(user, namespace)
    const missing = missingRules(held.rules, rules)
    if (missing.length === 0) return undefined
    const texts = [...new Set(compactRules(missing).map(ruleText))].sort()
    const who = `user ${quote(user.name)} (groups=${quoteList(user.groups)})`
    const sentence = `${who} is attempting to grant RBAC permissions not currently held:\n${texts.join('\n')}`
    return held.errors.length === 0 ? sentence : `${sentence}; resolution errors: [${held.errors.join(', ')}]`
  }

  async #may(verb: 'escalate' | 'bind', resource: string, name: string, context: RequestContext): Promise<boolean> {
    const { decision } = await this.#authorizer.authorize({
      isResourceRequest: true,
      user: context.user,
      verb,
      namespace: context.namespace ?? '',
      group: rbacGroup,
      version: '*',
      resource,
      subresource: '',
      name,
    })
    return decision === 'allow'
  }
}
