import { createHash, X509Certificate } from 'node:crypto'
import { newUnauthorized } from '#apimachinery/status/status.ts'
import type { UserInfo } from '../registry/resource.ts'
import type { AuthenticationRequest, Authenticator } from './authenticator.ts'

export interface X509AuthenticatorOptions {
  /** PEM of the authorities that sign client certificates; one text may hold several. */
  clientCA: string
  /** The machine's time in milliseconds since 1970: certificates are not on virtual time. */
  now: () => number
}

interface Verified {
  /** Undefined: signed by nobody we trust, or not for clients. */
  user: UserInfo | undefined
  validFromMs: number
  validToMs: number
}

const clientAuth = '1.3.6.1.5.5.7.3.2'
const verifiedCertificatesMax = 1024

/** Client certificates: the common name is the user, the organizations are its groups. */
export class X509Authenticator implements Authenticator {
  readonly #authorities: readonly X509Certificate[]
  readonly #now: () => number
  /** A connection hands over the same buffer with each request. */
  readonly #byBuffer = new WeakMap<Buffer, Verified>()
  /** By SHA-256. Oldest first. */
  readonly #byFingerprint = new Map<string, Verified>()

  constructor({ clientCA, now }: X509AuthenticatorOptions) {
    const pems = clientCA.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    this.#authorities = pems.map(pem => new X509Certificate(pem))
    this.#now = now
  }

  authenticate({ peerCertificate }: AuthenticationRequest): UserInfo | undefined {
    if (peerCertificate === undefined || peerCertificate.length === 0) return undefined
    const { user, validFromMs, validToMs } = this.#verify(peerCertificate)
    const now = this.#now()
    if (user === undefined || now < validFromMs || now > validToMs) throw newUnauthorized('Unauthorized')
    return user
  }

  #verify(der: Buffer): Verified {
    let verified = this.#byBuffer.get(der)
    if (verified !== undefined) return verified
    const fingerprint = createHash('sha256').update(der).digest('hex')
    verified = this.#byFingerprint.get(fingerprint)
    if (verified === undefined) {
      verified = verifyCertificate(der, fingerprint, this.#authorities)
      if (this.#byFingerprint.size >= verifiedCertificatesMax) this.#byFingerprint.delete(this.#byFingerprint.keys().next().value!)
      this.#byFingerprint.set(fingerprint, verified)
    }
    this.#byBuffer.set(der, verified)
    return verified
  }
}

function verifyCertificate(der: Buffer, fingerprint: string, authorities: readonly X509Certificate[]): Verified {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(der)
  } catch {
    return { user: undefined, validFromMs: 0, validToMs: 0 }
  }
  const trusted = authorities.some(authority => certificate.checkIssued(authority) && certificate.verify(authority.publicKey))
  const isForClients = certificate.keyUsage?.includes(clientAuth) ?? true
  return {
    user: trusted && isForClients ? userOf(certificate, fingerprint) : undefined,
    validFromMs: certificate.validFromDate.getTime(),
    validToMs: certificate.validToDate.getTime(),
  }
}

function userOf(certificate: X509Certificate, fingerprint: string): UserInfo | undefined {
  const subject = certificate.toLegacyObject().subject as unknown as Record<string, string | string[] | undefined>
  const [name] = [subject['CN'] ?? []].flat()
  if (name === undefined || name === '') return undefined
  const groups = [subject['O'] ?? []].flat().filter(group => group !== 'system:authenticated')
  return Object.freeze({
    name,
    groups: Object.freeze([...groups, 'system:authenticated']),
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  })
}
