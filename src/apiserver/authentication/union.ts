import type { UserInfo } from '../registry/resource.ts'
import type { AuthenticationRequest, Authenticator } from './authenticator.ts'

/** Asks one authenticator after the other. Bad credentials of one kind do not matter when others are good. */
export class UnionAuthenticator implements Authenticator {
  readonly #authenticators: readonly Authenticator[]

  constructor(...authenticators: Authenticator[]) {
    this.#authenticators = authenticators
  }

  async authenticate(request: AuthenticationRequest): Promise<UserInfo | undefined> {
    let failure: { error: unknown } | undefined
    for (const authenticator of this.#authenticators) {
      try {
        const user = await authenticator.authenticate(request)
        if (user !== undefined) return user
      } catch (error) {
        failure ??= { error }
      }
    }
    if (failure !== undefined) throw failure.error
    return undefined
  }
}
