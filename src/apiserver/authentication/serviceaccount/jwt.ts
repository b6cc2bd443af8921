import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

export type JWTAlgorithm = 'ES256' | 'RS256'

/** A key that signs or verifies JSON Web Tokens (RFC 7519), known by its key id. */
export interface JWTKey {
  id: string
  algorithm: JWTAlgorithm
  publicKey: KeyObject
}

/** @throws Error for keys that are neither P-256 nor RSA */
export function jwtKeyOf(key: KeyObject): JWTKey {
  const publicKey = key.type === 'public' ? key : createPublicKey(key)
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return { id: createHash('sha256').update(der).digest('base64url'), algorithm: algorithmOf(publicKey), publicKey }
}

function algorithmOf(key: KeyObject): JWTAlgorithm {
  if (key.asymmetricKeyType === 'rsa') return 'RS256'
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256'
  throw new Error(`cannot sign tokens with a key of type "${key.asymmetricKeyType}"`)
}

/** The compact form: three base64url parts. */
export function signJWT(claims: object, key: JWTKey, privateKey: KeyObject): string {
  const input = [encode({ alg: key.algorithm, kid: key.id }), encode(claims)].join('.')
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return [input, signature.toString('base64url')].join('.')
}

/** The claims of a token that one of the keys signed; undefined for anything else. Does not look at the claims. */
export function verifyJWT(token: string, keys: readonly JWTKey[]): Record<string, unknown> | undefined {
  const [head = '', body = '', signature = '', ...rest] = token.split('.')
  if (rest.length > 0 || signature === '') return undefined
  const header = decode(head)
  if (header === undefined || header['crit'] !== undefined) return undefined
  const candidates = keys.filter(key => key.algorithm === header['alg'] && (header['kid'] === undefined || header['kid'] === key.id))
  const input = Buffer.from(`${head}.${body}`)
  const bytes = Buffer.from(signature, 'base64url')
  const signed = candidates.some(key => verify('sha256', input, { key: key.publicKey, dsaEncoding: 'ieee-p1363' }, bytes))
  return signed ? decode(body) : undefined
}

/** What a token says, unchecked: to choose who should check it. */
export function unverifiedClaims(token: string): Record<string, unknown> | undefined {
  return decode(token.split('.')[1] ?? '')
}

/** The public half in the form of RFC 7517. */
export function toJWK(key: JWTKey): Record<string, unknown> {
  return { use: 'sig', ...key.publicKey.export({ format: 'jwk' }), kid: key.id, alg: key.algorithm }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
