import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { parseIP } from '#apimachinery/validation/ip.ts'
import { assert } from '#base/assert.ts'
import * as der from './der.ts'

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  certificate: string
  key: string
}

export interface CertificateSubject {
  commonName: string
  organizations?: readonly string[]
}

export interface CertificateRequest {
  subject: CertificateSubject
  usage: 'client' | 'server'
  /** Names and addresses of a server. */
  dnsNames?: readonly string[]
  ipAddresses?: readonly string[]
  /** Milliseconds since 1970. */
  notBefore: number
  notAfter: number
}

/** Who signs: a certificate of a CA with its key. */
export interface Issuer {
  certificate: X509Certificate
  key: KeyObject
}

const oid = {
  ecdsaWithSHA256: der.objectIdentifier('1.2.840.10045.4.3.2'),
  commonName: der.objectIdentifier('2.5.4.3'),
  organization: der.objectIdentifier('2.5.4.10'),
  subjectKeyIdentifier: der.objectIdentifier('2.5.29.14'),
  keyUsage: der.objectIdentifier('2.5.29.15'),
  subjectAltName: der.objectIdentifier('2.5.29.17'),
  basicConstraints: der.objectIdentifier('2.5.29.19'),
  authorityKeyIdentifier: der.objectIdentifier('2.5.29.35'),
  extendedKeyUsage: der.objectIdentifier('2.5.29.37'),
  serverAuth: der.objectIdentifier('1.3.6.1.5.5.7.3.1'),
  clientAuth: der.objectIdentifier('1.3.6.1.5.5.7.3.2'),
}

export function newPrivateKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

export function keyToPEM(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string
}

/** A self-signed certificate of a certificate authority. */
export function issueCA(key: KeyObject, commonName: string, validity: { notBefore: number; notAfter: number }): string {
  const keyID = keyIdentifierOf(key)
  const extensions = [
    extension(oid.basicConstraints, der.sequence(der.boolean(true)), true),
    // digitalSignature, keyEncipherment, keyCertSign
    extension(oid.keyUsage, der.bitString(Buffer.from([0b1010_0100]), 2), true),
    extension(oid.subjectKeyIdentifier, der.octetString(keyID)),
    extension(oid.subjectAltName, der.sequence(der.contextPrimitive(2, Buffer.from(commonName)))),
  ]
  const subject = distinguishedName({ commonName })
  return signCertificate({ subject, issuer: subject, publicKey: key, extensions, ...validity }, key)
}

/** A certificate for a fresh P-256 key. */
export function issueCertificate(request: CertificateRequest, issuer: Issuer): KeyPair {
  const key = newPrivateKey()
  const usage = request.usage === 'server' ? oid.serverAuth : oid.clientAuth
  const extensions = [
    // digitalSignature, keyEncipherment
    extension(oid.keyUsage, der.bitString(Buffer.from([0b1010_0000]), 5), true),
    extension(oid.extendedKeyUsage, der.sequence(usage)),
    extension(oid.basicConstraints, der.sequence(), true),
    extension(oid.authorityKeyIdentifier, der.sequence(der.contextPrimitive(0, keyIdentifierOf(issuer.key)))),
  ]
  const names = alternativeNames(request)
  if (names.length > 0) extensions.push(extension(oid.subjectAltName, der.sequence(...names)))
  const certificate = signCertificate(
    {
      subject: distinguishedName(request.subject),
      issuer: distinguishedName({ commonName: commonNameOf(issuer.certificate) }),
      publicKey: key,
      extensions,
      notBefore: request.notBefore,
      notAfter: request.notAfter,
    },
    issuer.key,
  )
  return { certificate, key: keyToPEM(key) }
}

function alternativeNames({ dnsNames = [], ipAddresses = [] }: CertificateRequest): Buffer[] {
  const names = dnsNames.map(name => der.contextPrimitive(2, Buffer.from(name)))
  for (const address of ipAddresses) {
    const parsed = parseIP(address)
    assert(parsed !== undefined, 'a certificate is asked for valid addresses', () => address)
    names.push(der.contextPrimitive(7, Buffer.from(parsed.bytes)))
  }
  return names
}

function commonNameOf(certificate: X509Certificate): string {
  const { CN } = certificate.toLegacyObject().subject as { CN?: string }
  assert(typeof CN === 'string', 'our certificate authority has one common name')
  return CN
}

function distinguishedName({ commonName, organizations = [] }: CertificateSubject): Buffer {
  const attribute = (type: Buffer, value: string) => der.set(der.sequence(type, der.utf8String(value)))
  return der.sequence(...organizations.map(name => attribute(oid.organization, name)), attribute(oid.commonName, commonName))
}

function extension(type: Buffer, value: Buffer, critical = false): Buffer {
  return der.sequence(type, ...(critical ? [der.boolean(true)] : []), der.octetString(value))
}

/** SHA-1 of the public key's bits, RFC 5280 section 4.2.1.2. */
function keyIdentifierOf(key: KeyObject): Buffer {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  return createHash('sha1').update(point).digest()
}

interface ToBeSigned {
  subject: Buffer
  issuer: Buffer
  publicKey: KeyObject
  extensions: Buffer[]
  notBefore: number
  notAfter: number
}

function signCertificate(content: ToBeSigned, key: KeyObject): string {
  const algorithm = der.sequence(oid.ecdsaWithSHA256)
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  const body = der.sequence(
    der.contextConstructed(0, der.integer(Buffer.from([2]))),
    der.integer(serial),
    algorithm,
    content.issuer,
    der.sequence(der.time(content.notBefore), der.time(content.notAfter)),
    content.subject,
    createPublicKey(content.publicKey).export({ type: 'spki', format: 'der' }),
    der.contextConstructed(3, der.sequence(...content.extensions)),
  )
  const signature = sign('sha256', body, { key, dsaEncoding: 'der' })
  return toPEM(der.sequence(body, algorithm, der.bitString(signature)))
}

function toPEM(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** Whether a server certificate names at least these names and addresses. */
export function coversNames(certificate: X509Certificate, { dnsNames = [], ipAddresses = [] }: CertificateRequest): boolean {
  return (
    dnsNames.every(name => certificate.checkHost(name, { wildcards: false }) !== undefined) &&
    ipAddresses.every(address => certificate.checkIP(isIPv4(address) ? address : address.toLowerCase()) !== undefined)
  )
}

/** Parses PEM; undefined when it is none (a half-written file). */
export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}
