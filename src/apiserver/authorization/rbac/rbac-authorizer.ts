import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from '../authorizer.ts'
import { ruleAllows } from './policy-rules.ts'
import type { RuleResolver } from './rule-resolver.ts'

/** Allows what a Role or ClusterRole bound to the user allows; has no opinion on the rest. */
export class RBACAuthorizer implements Authorizer {
  readonly #resolver: RuleResolver

  constructor(resolver: RuleResolver) {
    this.#resolver = resolver
  }

  async authorize(attributes: AuthorizationAttributes): Promise<AuthorizationDecision> {
    let allowedBy: string | undefined
    const errors: string[] = []
    await this.#resolver.visitRules(attributes.user, attributes.isResourceRequest ? attributes.namespace : '', found => {
      if ('error' in found) errors.push(found.error)
      else if (ruleAllows(found.rule, attributes)) allowedBy = found.source()
      return allowedBy !== undefined
    })
    if (allowedBy !== undefined) return { decision: 'allow', reason: `RBAC: allowed by ${allowedBy}` }
    if (errors.length === 0) return { decision: 'no-opinion', reason: '' }
    return { decision: 'no-opinion', reason: `RBAC: ${errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`}` }
  }
}
