import { StatusError, newUnauthorized } from '#apimachinery/status/status.ts'
import { anonymousUser, type Authenticator } from '../authentication/authenticator.ts'
import type { UserInfo } from '../registry/resource.ts'
import type { APIRequest } from '../request/api-request.ts'

/**
 * Who sent the request: a known user is also in the group `system:authenticated`.
 * @throws StatusError Unauthorized
 */
export async function authenticate(authenticator: Authenticator, request: APIRequest): Promise<UserInfo> {
  if (request.user !== undefined) return request.user
  try {
    const peerCertificate = request.peerCertificate()
    return (await authenticator.authenticate({ headers: request.headers, peerCertificate })) ?? anonymousUser
  } catch (error) {
    if (error instanceof StatusError && error.code === 401) throw newUnauthorized('Unauthorized')
    throw error
  }
}
