import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

/** Who asks for what, for the authorizer. */
export interface KubeletRequest {
  /** `create` for POST, `update` for PUT, else the method in lower case. */
  verb: string
  path: string
  /** Subresources of `nodes` of which one has to be allowed, the finest first; `proxy` is always among them. */
  subresources: readonly string[]
  /** Subject of a client certificate that the configured CA has signed. */
  clientCertificate: { commonName: string; organizations: readonly string[] } | undefined
  bearerToken: string | undefined
}

const verbs: Record<string, string> = { POST: 'create', PUT: 'update' }

/** Paths that need less than `nodes/proxy` (upstream: kubelet server auth, fine-grained authorization). */
const subresourcesByPath: Record<string, readonly string[]> = {
  stats: ['stats'],
  metrics: ['metrics'],
  logs: ['log'],
  checkpoint: ['checkpoint'],
  healthz: ['healthz', 'proxy'],
  configz: ['configz', 'proxy'],
  pods: ['pods', 'proxy'],
  runningpods: ['pods', 'proxy'],
}

export function attributesOf(request: IncomingMessage, path: string): KubeletRequest {
  const method = request.method ?? 'GET'
  return {
    verb: verbs[method] ?? method.toLowerCase(),
    path,
    subresources: subresourcesByPath[path.split('/')[1] ?? ''] ?? ['proxy'],
    clientCertificate: clientCertificateOf(request),
    bearerToken: /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1],
  }
}

function clientCertificateOf({ socket }: IncomingMessage): KubeletRequest['clientCertificate'] {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const subject = socket.getPeerCertificate().subject as { CN?: string | string[]; O?: string | string[] } | undefined
  if (subject === undefined) return undefined
  const commonName = [subject.CN ?? ''].flat()[0] ?? ''
  return { commonName, organizations: [subject.O ?? []].flat() }
}
