import type { UserInfo } from '../registry/resource.ts'

/** Says who sent a request. */
export interface Authenticator {
  /**
   * The user whose credentials the request carries; undefined when it carries none (the server then goes on as `system:anonymous`).
   * @throws StatusError Unauthorized (or rejects with it), when there are credentials and they are bad
   */
  authenticate(request: AuthenticationRequest): Promise<UserInfo | undefined> | UserInfo | undefined
}

export interface AuthenticationRequest {
  /** Names in lower case; a header that came several times is joined or a list, as Node's http modules give it. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** DER of the client's certificate, not verified yet (the TLS layer accepts any); undefined when there is none. */
  peerCertificate: Buffer | undefined
}

/** Who a request without credentials comes from. */
export const anonymousUser: UserInfo = Object.freeze({ name: 'system:anonymous', groups: Object.freeze(['system:unauthenticated']) })
