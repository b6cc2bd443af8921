import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from './authorizer.ts'

/** Asks one authorizer after the other: the first that allows or denies decides. The reasons of those without an opinion are collected. */
export class UnionAuthorizer implements Authorizer {
  readonly #authorizers: readonly Authorizer[]

  constructor(...authorizers: Authorizer[]) {
    this.#authorizers = authorizers
  }

  async authorize(attributes: AuthorizationAttributes): Promise<AuthorizationDecision> {
    const reasons: string[] = []
    for (const authorizer of this.#authorizers) {
      const answer = await authorizer.authorize(attributes)
      if (answer.decision !== 'no-opinion') return answer
      if (answer.reason !== '') reasons.push(answer.reason)
    }
    return { decision: 'no-opinion', reason: reasons.join('\n') }
  }
}

/** `system:masters` may do everything, whatever the policy objects say: nobody can lock themselves out. */
export const privilegedGroup = 'system:masters'

export class PrivilegedGroupAuthorizer implements Authorizer {
  async authorize({ user }: AuthorizationAttributes): Promise<AuthorizationDecision> {
    return user.groups.includes(privilegedGroup) ? { decision: 'allow', reason: '' } : { decision: 'no-opinion', reason: '' }
  }
}
