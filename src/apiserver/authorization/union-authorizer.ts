import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from './authorizer.ts'

const allow: AuthorizationDecision = Object.freeze({ decision: 'allow', reason: '' })
const noOpinion: AuthorizationDecision = Object.freeze({ decision: 'no-opinion', reason: '' })

/** Asks one authorizer after the other: the first that allows or denies decides. The reasons of those without an opinion are collected. */
export class UnionAuthorizer implements Authorizer {
  readonly #authorizers: readonly Authorizer[]

  constructor(...authorizers: Authorizer[]) {
    this.#authorizers = authorizers
  }

  authorize(attributes: AuthorizationAttributes): Promise<AuthorizationDecision> | AuthorizationDecision {
    return this.#askFrom(0, attributes, '')
  }

  /** Nothing is awaited unless an authorizer makes it so. */
  #askFrom(start: number, attributes: AuthorizationAttributes, reasons: string): Promise<AuthorizationDecision> | AuthorizationDecision {
    let collected = reasons
    for (let index = start; index < this.#authorizers.length; index++) {
      const answer = this.#authorizers[index]!.authorize(attributes)
      if (answer instanceof Promise) return answer.then(later => this.#goOn(later, index + 1, attributes, collected))
      if (answer.decision !== 'no-opinion') return answer
      collected = joined(collected, answer.reason)
    }
    return collected === '' ? noOpinion : { decision: 'no-opinion', reason: collected }
  }

  #goOn(
    answer: AuthorizationDecision,
    next: number,
    attributes: AuthorizationAttributes,
    reasons: string,
  ): Promise<AuthorizationDecision> | AuthorizationDecision {
    return answer.decision === 'no-opinion' ? this.#askFrom(next, attributes, joined(reasons, answer.reason)) : answer
  }
}

/** `system:masters` may do everything, whatever the policy objects say: nobody can lock themselves out. */
export const privilegedGroup = 'system:masters'

export class PrivilegedGroupAuthorizer implements Authorizer {
  authorize({ user }: AuthorizationAttributes): AuthorizationDecision {
    return user.groups.includes(privilegedGroup) ? allow : noOpinion
  }
}

function joined(reasons: string, reason: string): string {
  return reasons === '' || reason === '' ? reasons + reason : `${reasons}\n${reason}`
}
