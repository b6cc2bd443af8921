import { once } from 'node:events'
import { createServer as createPlainServer, type IncomingMessage, type Server as PlainServer, type ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { sendRawError } from '#apimachinery/httpstream/raw-response.ts'
import { HostError, type KubeletHost } from './host.ts'
import { logOptionsOf } from './log-request.ts'
import { attributesOf, type KubeletRequest } from './request-attributes.ts'
import { serveStream } from './serve-stream.ts'
import { containerOf } from './stream-request.ts'

export type AuthorizationDecision = { allowed: true } | { allowed: false; statusCode: 401 | 403; message: string }

export interface KubeletServerOptions {
  host: KubeletHost
  /**
   * PEM. `clientCA` verifies client certificates; who has none may still bring a token. Without it the server has no port: it answers on
   * connections within this process (see `connect`).
   */
  tls?: { cert: string | Buffer; key: string | Buffer; clientCA?: string | Buffer }
  /** Asked for every path but `/healthz`. Left out: all is allowed. */
  authorize?(request: KubeletRequest): Promise<AuthorizationDecision>
  clock: Clock
  logger: Logger
}

interface Route {
  path: string
  /** Decoded, without the leading slash. */
  parts: string[]
  query: URLSearchParams
}

const streamVerbs = new Set(['exec', 'attach', 'portForward'])

/** The kubelet's HTTPS server (upstream's port 10250): pods, container logs, exec, attach and port-forward. */
export class KubeletServer implements AsyncDisposable {
  readonly #options: KubeletServerOptions
  readonly #server: Server | PlainServer
  readonly #streams = new Set<Duplex>()

  constructor(options: KubeletServerOptions) {
    this.#options = options
    this.#server = options.tls === undefined ? createPlainServer() : newTLSServer(options.tls)
    this.#server.on('request', (request, response) => {
      this.#serve(request, response).catch(error => this.#options.logger.error('cannot answer a kubelet request', { error }))
    })
    this.#server.on('upgrade', (request, socket, head) => {
      this.#upgrade(request, socket, head).catch(error => this.#options.logger.error('cannot answer a kubelet upgrade request', { error }))
    })
  }

  /** Starts to listen. Port 0 takes a free one. */
  async listen(port: number, address: string): Promise<AddressInfo> {
    this.#server.listen(port, address)
    await once(this.#server, 'listening')
    return this.#server.address() as AddressInfo
  }

  /** Takes a new serving certificate for connections to come. */
  setCertificate(cert: string | Buffer, key: string | Buffer): void {
    if (!('setSecureContext' in this.#server)) return
    const clientCA = this.#options.tls?.clientCA
    this.#server.setSecureContext({ cert, key, ...(clientCA === undefined ? {} : { ca: clientCA }) })
  }

  /** A connection from within this process, without a socket. */
  connect(): Duplex {
    const [near, far] = duplexPair()
    this.#streams.add(far)
    far.once('close', () => this.#streams.delete(far))
    this.#server.emit('connection', far)
    return near
  }

  /** Stops at once: every connection is cut. */
  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const socket of this.#streams) socket.destroy()
    this.#server.closeAllConnections()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const route = routeOf(request)
      await this.#authorize(request, route)
      await this.#answer(request, response, route)
    } catch (error) {
      if (response.headersSent || response.destroyed) response.destroy()
      else {
        const { statusCode, message } = this.#failure(error, request)
        response.writeHead(statusCode, { 'Content-Type': 'text/plain; charset=utf-8' }).end(message)
      }
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    this.#streams.add(socket)
    socket.once('close', () => this.#streams.delete(socket))
    socket.on('error', () => socket.destroy())
    try {
      const route = routeOf(request)
      await this.#authorize(request, route)
      if (!streamVerbs.has(route.parts[0] ?? '')) throw new HostError(404, '404 page not found')
      const { host, clock, logger } = this.#options
      await serveStream({ host, logger }, { request, socket, head, clock }, route.parts, route.query)
    } catch (error) {
      const { statusCode, message } = this.#failure(error, request)
      if (socket.writable) sendRawError(socket, statusCode, message)
    }
  }

  async #authorize(request: IncomingMessage, { path }: Route): Promise<void> {
    if (path === '/healthz' || this.#options.authorize === undefined) return
    const decision = await this.#options.authorize(attributesOf(request, path))
    if (!decision.allowed) throw new HostError(decision.statusCode, decision.message)
  }

  async #answer(request: IncomingMessage, response: ServerResponse, { path, parts, query }: Route): Promise<void> {
    if (streamVerbs.has(parts[0] ?? '')) throw new HostError(400, 'Upgrade request required')
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new HostError(405, 'Method Not Allowed')
    if (parts[0] === 'containerLogs') return this.#answerLog(response, parts, query)
    if (path === '/healthz') return send(response, 'text/plain; charset=utf-8', 'ok')
    if (path === '/pods' || path === '/pods/') {
      const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: this.#options.host.pods() }
      return send(response, 'application/json', JSON.stringify(list))
    }
    const page = await this.#options.host.page?.(path, query)
    if (page === undefined) throw new HostError(404, '404 page not found')
    send(response, page.contentType, page.body)
  }

  async #answerLog(response: ServerResponse, parts: readonly string[], query: URLSearchParams): Promise<void> {
    const container = containerOf(parts)
    if (container === undefined || parts.length !== 4) throw new HostError(404, '404 page not found')
    const options = logOptionsOf(query, this.#options.clock)
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('client closed the connection')))
    const log = await this.#options.host.containerLog(container, options, gone.signal)
    response.writeHead(200, { 'Content-Type': 'text/plain' })
    // A followed log may be silent for long; the client shall know that it is connected.
    response.flushHeaders()
    await pipeline(log, response)
  }

  #failure(error: unknown, request: IncomingMessage): { statusCode: number; message: string } {
    if (error instanceof HostError) return { statusCode: error.statusCode, message: error.message }
    this.#options.logger.warn('kubelet request failed', { method: request.method, path: request.url?.split('?')[0], error })
    return { statusCode: 500, message: (error as Error).message }
  }
}

function newTLSServer({ cert, key, clientCA }: NonNullable<KubeletServerOptions['tls']>): Server {
  const trust = clientCA === undefined ? {} : { ca: clientCA }
  // The authorizer decides about clients without a (good) certificate.
  return createServer({ cert, key, ...trust, requestCert: true, rejectUnauthorized: false })
}

function routeOf(request: IncomingMessage): Route {
  try {
    const url = new URL(`https://kubelet${request.url}`)
    const parts = url.pathname.slice(1).split('/').map(decodeURIComponent)
    return { path: url.pathname, parts, query: url.searchParams }
  } catch {
    throw new HostError(400, 'malformed request URL')
  }
}

function send(response: ServerResponse, contentType: string, body: string | Buffer): void {
  const bytes = Buffer.from(body as string)
  response.writeHead(200, { 'Content-Type': contentType, 'Content-Length': bytes.length }).end(bytes)
}
