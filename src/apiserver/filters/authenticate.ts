import { StatusError, newUnauthorized } from '#apimachinery/status/status.ts'
import { anonymousUser, type Authenticator } from '../authentication/authenticator.ts'
import type { UserInfo } from '../registry/resource.ts'
import type { APIRequest } from '../request/api-request.ts'

/**
 * Who sent the request: a known user is also in the group `system:authenticated`.
 * @throws StatusError Unauthorized (or rejects with it)
 */
export function authenticate(authenticator: Authenticator, request: APIRequest): Promise<UserInfo> | UserInfo {
  if (request.user !== undefined) return request.user
  try {
    const user = authenticator.authenticate({ headers: request.headers, peerCertificate: request.peerCertificate() })
    return user instanceof Promise ? user.then(known => known ?? anonymousUser, refuse) : (user ?? anonymousUser)
  } catch (error) {
    return refuse(error)
  }
}

/** The client is not told what is bad about its credentials. */
function refuse(error: unknown): never {
  if (error instanceof StatusError && error.code === 401) throw newUnauthorized('Unauthorized')
  throw error
}
