import type { PathHandler } from '../../path-handler.ts'
import { jsonBody } from '../../request/api-response.ts'
import type { TokenIssuer } from './token-issuer.ts'

const headers = { 'cache-control': 'public, max-age=3600' }

/** Lets others check our tokens: OpenID Connect discovery for service accounts (KEP-1393). */
export function openIDHandlers(issuer: TokenIssuer): PathHandler[] {
  return [
    { path: '/.well-known/openid-configuration', handle: () => ({ status: 200, headers, body: jsonBody(issuer.openIDConfiguration()) }) },
    {
      path: '/openid/v1/jwks',
      handle: () => ({ status: 200, headers, body: jsonBody(issuer.jsonWebKeySet(), 'application/jwk-set+json') }),
    },
  ]
}
