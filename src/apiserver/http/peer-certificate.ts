import type { TLSSocket } from 'node:tls'

const known = new WeakMap<object, { der: Buffer | undefined }>()

/** DER of the certificate that the client showed; the same Buffer for the life of the connection. */
export function peerCertificateOf(socket: object): Buffer | undefined {
  let certificate = known.get(socket)
  if (certificate === undefined) {
    const { raw } = (socket as TLSSocket).getPeerCertificate?.() ?? {}
    certificate = { der: raw }
    known.set(socket, certificate)
  }
  return certificate.der
}
