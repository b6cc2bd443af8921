import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Cause } from '#client/cause.ts'
import type { UserInfo } from '../registry/resource.ts'

/** One request, however it came. */
export interface APIRequest {
  /** Upper case. */
  readonly method: string
  /** As sent: percent-encoded, no query. */
  readonly path: string
  /** What follows `?`; '' for none. */
  readonly query: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The sender, when the front knows (in process); undefined: authentication finds out. */
  readonly user?: UserInfo | undefined
  /** Why the sender acts, when it says so (in process). */
  readonly cause?: Cause | undefined
  /** The body as a JSON value, when the front has that (in process). It is copied before use. */
  readonly value?: unknown
  /** DER, not verified; undefined when the client has none. */
  peerCertificate(): Buffer | undefined
  /**
   * The whole body.
   * @throws StatusError RequestEntityTooLarge
   */
  readBody(): Promise<Buffer>
  /** Aborted when the client goes away. Made on first use. */
  readonly signal: AbortSignal
  /** Hands over the connection for a raw answer; undefined when the front has none. */
  takeConnection?(): TakenConnection
}

export interface TakenConnection {
  request: IncomingMessage | Http2ServerRequest
  response: ServerResponse | Http2ServerResponse
  /** Present for Upgrade requests: then `response` must not be used. */
  upgrade?: { socket: Duplex; head: Buffer }
}

/** The value of a header that is expected once. */
export function headerOf(request: APIRequest, name: string): string {
  const value = request.headers[name]
  return value === undefined ? '' : typeof value === 'string' ? value : (value[0] ?? '')
}

/** The same request with another query. */
export function withQuery(request: APIRequest, query: string): APIRequest {
  const { method, path, headers, user, value } = request
  return {
    ...{ method, path, query, headers, user, value },
    peerCertificate: () => request.peerCertificate(),
    readBody: () => request.readBody(),
    get signal() {
      return request.signal
    },
  }
}
