import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { assert } from '#base/assert.ts'
import {
  type CertificateRequest,
  coversNames,
  issueCA,
  issueCertificate,
  type Issuer,
  type KeyPair,
  keyToPEM,
  newPrivateKey,
  parseCertificate,
} from './certificate.ts'
import type { PKIFiles } from './files.ts'

const dayMs = 24 * 3600 * 1000
const caValidityMs = 3650 * dayMs
const leafValidityMs = 365 * dayMs
/** Certificates with less life than this are renewed at the next start. */
const renewBeforeMs = 180 * dayMs
/** Clocks of clients may be behind. */
const backdateMs = 3600 * 1000

export interface ClusterPKIOptions {
  /** Names of the API server besides the ones every cluster has: its host names. */
  serverNames?: readonly string[]
  /** Addresses that the API server is reached at: the node's, the first service address. 127.0.0.1 is always there. */
  serverAddresses?: readonly string[]
  /** Default `cluster.local`. */
  clusterDomain?: string
  /**
   * The machine's time in milliseconds since 1970, also in a cluster on virtual time: TLS libraries compare certificates with the
   * machine's clock.
   */
  now: number
}

/** Certificates that every cluster has. */
export interface ClusterCertificates {
  /** PEM of the certificate authority that signed all of them. */
  ca: string
  caKey: string
  apiserver: KeyPair
  /** User `kube-apiserver-kubelet-client`, for calls from the API server to kubelets. */
  apiserverKubeletClient: KeyPair
  /** User `kubernetes-admin` in `system:masters`. */
  admin: KeyPair
  /** PKCS #8 PEM of the P-256 key that signs service-account tokens. */
  serviceAccountKey: string
}

export interface NodeCertificates {
  /** User `system:node:NAME` in `system:nodes`. */
  client: KeyPair
  /** For the node's own HTTPS server. */
  serving: KeyPair
}

/**
 * The keys and certificates of one cluster, kept in `files`. What is missing, half-written, signed by another authority, near its end or
 * without a name that is asked for is made anew; the rest is reused. The certificate authority keeps its key for ever.
 */
export class ClusterPKI {
  readonly #files: PKIFiles
  readonly #options: ClusterPKIOptions
  #authority: Issuer | undefined

  constructor(files: PKIFiles, options: ClusterPKIOptions) {
    this.#files = files
    this.#options = options
  }

  /** All that the control plane needs. About 5 ms when everything is new. */
  async load(): Promise<ClusterCertificates> {
    const authority = await this.#loadAuthority()
    const certificates: ClusterCertificates = {
      ca: authority.certificate.toString(),
      caKey: keyToPEM(authority.key),
      apiserver: await this.#leaf('apiserver', this.#serverRequest()),
      apiserverKubeletClient: await this.#client('apiserver-kubelet-client', 'kube-apiserver-kubelet-client', []),
      admin: await this.#client('admin', 'kubernetes-admin', ['system:masters']),
      serviceAccountKey: await this.#serviceAccountKey(),
    }
    await this.#files.sync()
    return certificates
  }

  /** The certificates of one node's kubelet. `addresses` are those that its server is reached at. */
  async loadNode(nodeName: string, addresses: readonly string[]): Promise<NodeCertificates> {
    await this.#loadAuthority()
    const user = `system:node:${nodeName}`
    const certificates: NodeCertificates = {
      client: await this.#client(`kubelet-client-${nodeName}`, user, ['system:nodes']),
      serving: await this.#leaf(`kubelet-${nodeName}`, {
        subject: { commonName: user, organizations: ['system:nodes'] },
        usage: 'server',
        dnsNames: unique([nodeName, 'localhost']),
        ipAddresses: unique([...addresses, '127.0.0.1']),
        ...this.#leafValidity(),
      }),
    }
    await this.#files.sync()
    return certificates
  }

  /** A client certificate of any other user, not kept in a file. */
  async issueClient(userName: string, groups: readonly string[]): Promise<KeyPair> {
    return issueCertificate(this.#clientRequest(userName, groups), await this.#loadAuthority())
  }

  async #loadAuthority(): Promise<Issuer> {
    this.#authority ??= await this.#readAuthority()
    return this.#authority
  }

  async #readAuthority(): Promise<Issuer> {
    const stored = await this.#files.read('ca.key')
    const key = (stored === undefined ? undefined : parsePrivateKey(stored)) ?? newPrivateKey()
    const certificate = parseCertificate((await this.#files.read('ca.crt')) ?? '')
    if (certificate?.ca && this.#lives(certificate) && certificate.checkPrivateKey(key)) return { certificate, key }
    const { now } = this.#options
    const pem = issueCA(key, 'kubernetes', { notBefore: now - backdateMs, notAfter: now + caValidityMs })
    // The key comes first: with it alone, an interrupted start is completed without changing the authority.
    await this.#files.write('ca.key', keyToPEM(key))
    await this.#files.write('ca.crt', pem)
    return { certificate: new X509Certificate(pem), key }
  }

  #client(fileName: string, userName: string, groups: readonly string[]): Promise<KeyPair> {
    return this.#leaf(fileName, this.#clientRequest(userName, groups))
  }

  #clientRequest(userName: string, groups: readonly string[]): CertificateRequest {
    return { subject: { commonName: userName, organizations: groups }, usage: 'client', ...this.#leafValidity() }
  }

  #serverRequest(): CertificateRequest {
    const { clusterDomain = 'cluster.local', serverNames = [], serverAddresses = [] } = this.#options
    const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${clusterDomain}`]
    return {
      subject: { commonName: 'kube-apiserver' },
      usage: 'server',
      dnsNames: unique([...service, 'localhost', ...serverNames]),
      ipAddresses: unique(['127.0.0.1', '::1', ...serverAddresses]),
      ...this.#leafValidity(),
    }
  }

  #leafValidity(): { notBefore: number; notAfter: number } {
    const { now } = this.#options
    return { notBefore: now - backdateMs, notAfter: now + leafValidityMs }
  }

  async #leaf(fileName: string, request: CertificateRequest): Promise<KeyPair> {
    const authority = this.#authority
    assert(authority !== undefined, 'the certificate authority is loaded before the leaves')
    const stored = { certificate: await this.#files.read(`${fileName}.crt`), key: await this.#files.read(`${fileName}.key`) }
    if (isComplete(stored) && this.#isUsable(stored, request, authority)) return stored
    const pair = issueCertificate(request, authority)
    await this.#files.write(`${fileName}.key`, pair.key)
    await this.#files.write(`${fileName}.crt`, pair.certificate)
    return pair
  }

  #isUsable(pair: KeyPair, request: CertificateRequest, authority: Issuer): boolean {
    const certificate = parseCertificate(pair.certificate)
    const key = parsePrivateKey(pair.key)
    if (certificate === undefined || key === undefined) return false
    return (
      certificate.checkPrivateKey(key) &&
      certificate.verify(authority.certificate.publicKey) &&
      this.#lives(certificate) &&
      coversNames(certificate, request)
    )
  }

  #lives(certificate: X509Certificate): boolean {
    const { now } = this.#options
    return certificate.validFromDate.getTime() <= now && certificate.validToDate.getTime() - now > renewBeforeMs
  }

  async #serviceAccountKey(): Promise<string> {
    const stored = await this.#files.read('sa.key')
    if (stored !== undefined && parsePrivateKey(stored) !== undefined) return stored
    const key = newPrivateKey()
    const pem = keyToPEM(key)
    await this.#files.write('sa.key', pem)
    await this.#files.write('sa.pub', createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string)
    return pem
  }
}

function isComplete(pair: { certificate: string | undefined; key: string | undefined }): pair is KeyPair {
  return pair.certificate !== undefined && pair.key !== undefined
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)]
}

function parsePrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}
