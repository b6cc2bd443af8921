import type { UserInfo } from '../registry/resource.ts'
import type { AuthenticationRequest, Authenticator } from './authenticator.ts'

/** Asks one authenticator after the other. Bad credentials of one kind do not matter when others are good. */
export class UnionAuthenticator implements Authenticator {
  readonly #authenticators: readonly Authenticator[]

  constructor(...authenticators: Authenticator[]) {
    this.#authenticators = authenticators
  }

  authenticate(request: AuthenticationRequest): Promise<UserInfo | undefined> | UserInfo | undefined {
    return this.#askFrom(0, request, undefined)
  }

  /** Nothing is awaited unless an authenticator makes it so. */
  #askFrom(
    start: number,
    request: AuthenticationRequest,
    failureBefore: { error: unknown } | undefined,
  ): Promise<UserInfo | undefined> | UserInfo | undefined {
    let failure = failureBefore
    for (let index = start; index < this.#authenticators.length; index++) {
      try {
        const user = this.#authenticators[index]!.authenticate(request)
        if (user instanceof Promise) return this.#wait(user, index + 1, request, failure)
        if (user !== undefined) return user
      } catch (error) {
        failure ??= { error }
      }
    }
    if (failure !== undefined) throw failure.error
    return undefined
  }

  async #wait(
    answer: Promise<UserInfo | undefined>,
    next: number,
    request: AuthenticationRequest,
    failureBefore: { error: unknown } | undefined,
  ): Promise<UserInfo | undefined> {
    let failure = failureBefore
    try {
      const user = await answer
      if (user !== undefined) return user
    } catch (error) {
      failure ??= { error }
    }
    return this.#askFrom(next, request, failure)
  }
}
