import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

export interface KeyPair {
  cert: string
  key: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A CA, a serving certificate for 127.0.0.1 and a client certificate, valid for an hour. */
export async function newCertificates(): Promise<{ ca: string; server: KeyPair; client: KeyPair }> {
  x509.cryptoProvider.set(webcrypto as never)
  const caKeys = await newKeys()
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) }
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: 'CN=test-ca',
    keys: caKeys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  const issue = async (subject: string, extensions: x509.Extension[]) => {
    const keys = await newKeys()
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity,
      subject,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: algorithm,
      extensions,
    })
    const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
    return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') }
  }
  const addresses = new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])
  const server = await issue('CN=test-server', [addresses])
  const client = await issue('CN=kube-apiserver,O=system:masters', [])
  return { ca: ca.toString('pem'), server, client }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>
}
