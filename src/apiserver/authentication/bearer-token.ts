import { newUnauthorized } from '#apimachinery/status/status.ts'
import type { UserInfo } from '../registry/resource.ts'
import type { AuthenticationRequest, Authenticator } from './authenticator.ts'
import { InvalidTokenError, type TokenIssuer } from './serviceaccount/token-issuer.ts'

const subprotocolPrefix = 'base64url.bearer.authorization.k8s.io.'

/** Tokens of service accounts, in the Authorization header or, for browsers, as a WebSocket subprotocol. */
export class BearerTokenAuthenticator implements Authenticator {
  readonly #issuer: TokenIssuer

  constructor(issuer: TokenIssuer) {
    this.#issuer = issuer
  }

  authenticate({ headers }: AuthenticationRequest): UserInfo | undefined {
    const token = bearerTokenOf(headers['authorization']) ?? subprotocolTokenOf(headers['sec-websocket-protocol'])
    if (token === undefined) return undefined
    try {
      return this.#issuer.verify(token).user
    } catch (error) {
      if (error instanceof InvalidTokenError) throw newUnauthorized('Unauthorized')
      throw error
    }
  }
}

function bearerTokenOf(header: string | string[] | undefined): string | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim() ?? ''
  const [scheme = '', token = ''] = text.split(' ')
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined
}

function subprotocolTokenOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const protocols = (Array.isArray(header) ? header : [header]).flatMap(text => text.split(',').map(name => name.trim()))
  const found = protocols.find(name => name.startsWith(subprotocolPrefix))
  return found === undefined ? undefined : Buffer.from(found.slice(subprotocolPrefix.length), 'base64url').toString('utf8')
}
