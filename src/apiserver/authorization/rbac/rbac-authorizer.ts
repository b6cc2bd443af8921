import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from '../authorizer.ts'
import { ruleAllows } from './policy-rules.ts'
import type { RuleResolver } from './rule-resolver.ts'

/** Allows what a Role or ClusterRole bound to the user allows; has no opinion on the rest. */
export class RBACAuthorizer implements Authorizer {
  readonly #resolver: RuleResolver

  constructor(resolver: RuleResolver) {
    this.#resolver = resolver
  }

  authorize(attributes: AuthorizationAttributes): AuthorizationDecision {
    const errors: string[] = []
    for (const found of this.#resolver.rulesOfUser(attributes.user, attributes.isResourceRequest ? attributes.namespace : '')) {
      if ('error' in found) errors.push(found.error)
      else if (ruleAllows(found.rule, attributes)) return { decision: 'allow', reason: `RBAC: allowed by ${found.source()}` }
    }
    if (errors.length === 0) return { decision: 'no-opinion', reason: '' }
    return { decision: 'no-opinion', reason: `RBAC: ${errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`}` }
  }
}
