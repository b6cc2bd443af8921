import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { quote } from '#apimachinery/text/quote.ts'
import type { Clock } from '#base/clock.ts'
import type { StoreLookup, UserInfo } from '../../registry/resource.ts'
import { BoundObjects } from './bound-objects.ts'
import { asServiceAccountClaims, type ObjectReference, type ServiceAccountClaims, serviceAccountUserName, userOf } from './claims.ts'
import { type JWTKey, jwtKeyOf, signJWT, toJWK, unverifiedClaims, verifyJWT } from './jwt.ts'

export interface TokenIssuerOptions {
  /** PEM of the private key (P-256 or RSA) that signs. */
  signingKey: string
  /** PEM of further keys, private or public, whose tokens are still good. */
  verificationKeys?: readonly string[]
  /** Default `https://kubernetes.default.svc.cluster.local`: the `iss` claim, and the audience of tokens for the API server itself. */
  issuer?: string
  /** Audiences that the API server answers to. Default: the issuer alone. */
  apiAudiences?: readonly string[]
  clock: Clock
  /** Where the objects that tokens are bound to are looked up. */
  stores: StoreLookup
}

export interface TokenToIssue {
  namespace: string
  serviceAccount: ObjectReference
  /** Left out: those of the API server. */
  audiences?: readonly string[]
  expirationSeconds: number
  /** Seconds after which use of the token is reported as stale. */
  warnAfterSeconds?: number
  pod?: ObjectReference
  secret?: ObjectReference
  node?: ObjectReference
}

export interface VerifiedToken {
  user: UserInfo
  /** Those of the wanted audiences that the token is for. */
  audiences: string[]
  claims: ServiceAccountClaims
}

/** `user` is the same object each time, for those who remember what they know of users. */
interface Holder {
  claims: ServiceAccountClaims
  user: UserInfo
}

/** Why a token is refused; the message is shown in the status of a TokenReview. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError'
}

/** Clocks of issuer and verifier may differ, and what is being deleted stays good, this long. */
const leewaySeconds = 60
const verifiedTokensMax = 4096
const maxTokenBytes = 32 * 1024

/** Makes and checks the tokens of service accounts. */
export class TokenIssuer {
  readonly issuer: string
  readonly apiAudiences: readonly string[]
  readonly #privateKey: KeyObject
  readonly #keys: [JWTKey, ...JWTKey[]]
  readonly #clock: Clock
  readonly #boundObjects: BoundObjects
  /** By token whose signature was good: checking one takes longer than the rest of a small request. Oldest first. */
  readonly #verified = new Map<string, Holder>()

  constructor(options: TokenIssuerOptions) {
    this.issuer = options.issuer ?? 'https://kubernetes.default.svc.cluster.local'
    this.apiAudiences = options.apiAudiences ?? [this.issuer]
    this.#privateKey = createPrivateKey(options.signingKey)
    this.#keys = [jwtKeyOf(this.#privateKey), ...(options.verificationKeys ?? []).map(pem => jwtKeyOf(createPublicKey(pem)))]
    this.#clock = options.clock
    this.#boundObjects = new BoundObjects(options.stores)
  }

  /** Signs a token. The caller has checked that the objects exist and belong together. */
  async issue(request: TokenToIssue): Promise<{ token: string; expirationTimestamp: string }> {
    const now = Math.floor(this.#clock.now() / 1000)
    const { namespace, serviceAccount, pod, secret, node, warnAfterSeconds, expirationSeconds } = request
    const audiences = request.audiences === undefined || request.audiences.length === 0 ? this.apiAudiences : request.audiences
    const claims: ServiceAccountClaims = {
      aud: [...audiences],
      exp: now + expirationSeconds,
      iat: now,
      iss: this.issuer,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        ...(node === undefined ? {} : { node }),
        ...(pod === undefined ? {} : { pod }),
        ...(secret === undefined ? {} : { secret }),
        serviceaccount: serviceAccount,
        ...(warnAfterSeconds === undefined ? {} : { warnafter: now + warnAfterSeconds }),
      },
      nbf: now,
      sub: serviceAccountUserName(namespace, serviceAccount.name),
    }
    const token = signJWT(claims, this.#keys[0], this.#privateKey)
    return { token, expirationTimestamp: formatTime(claims.exp * 1000) }
  }

  /** Whether a token says that it comes from us. Nothing is checked. */
  recognises(token: string): boolean {
    return unverifiedClaims(token)?.['iss'] === this.issuer
  }

  /**
   * Who holds a token, if it is good now: signature, times, audience, and whether all objects that it is bound to are still there.
   * @param audiences what the token should be for; default: the API server
   * @throws InvalidTokenError
   */
  verify(token: string, audiences: readonly string[] = this.apiAudiences): VerifiedToken {
    const { claims, user } = this.#holderOf(token)
    const now = this.#clock.now() / 1000
    if (now > claims.exp) throw new InvalidTokenError('service account token has expired')
    if (now + leewaySeconds < claims.nbf) throw new InvalidTokenError('service account token is not valid yet')
    const shared = audiences.filter(audience => claims.aud.includes(audience))
    if (shared.length === 0) {
      const [have, want] = [claims.aud, audiences].map(list => `[${list.map(quote).join(' ')}]`)
      throw new InvalidTokenError(`token audiences ${have} is invalid for the target audiences ${want}`)
    }
    const complaint = this.#boundObjects.complaintAbout(claims, this.#clock.now() - leewaySeconds * 1000)
    if (complaint !== undefined) throw new InvalidTokenError(complaint)
    return { user, audiences: shared, claims }
  }

  #holderOf(token: string): Holder {
    const known = this.#verified.get(token)
    if (known !== undefined) return known
    const signed = token.length > maxTokenBytes ? undefined : verifyJWT(token, this.#keys)
    const claims = signed === undefined ? undefined : asServiceAccountClaims(signed)
    if (claims === undefined || claims.iss !== this.issuer) throw new InvalidTokenError('invalid bearer token')
    if (this.#verified.size >= verifiedTokensMax) this.#verified.delete(this.#verified.keys().next().value!)
    const holder = { claims, user: userOf(claims) }
    this.#verified.set(token, holder)
    return holder
  }

  /** Body of `/openid/v1/jwks`. */
  jsonWebKeySet(): { keys: Record<string, unknown>[] } {
    return { keys: this.#keys.map(toJWK) }
  }

  /** Body of `/.well-known/openid-configuration`. */
  openIDConfiguration(): Record<string, unknown> {
    return {
      issuer: this.issuer,
      jwks_uri: `${this.issuer}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set(this.#keys.map(key => key.algorithm))],
    }
  }
}
