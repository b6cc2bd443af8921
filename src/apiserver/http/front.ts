import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions, TLSSocket } from 'node:tls'
import type { Clock } from '#base/clock.ts'
import { type Logger, silentLogger } from '#base/log.ts'
import { newBadRequest } from '#apimachinery/status/status.ts'
import { newNotAllowed } from '../endpoints/not-served.ts'
import type { APIServer } from '../server.ts'
import { sendRawStatus } from '../streams/proxy-upgrade.ts'
import { H1Exchange } from './h1-exchange.ts'
import { H2Exchange } from './h2-exchange.ts'

/** Who answers requests. */
export interface RequestHandler extends Pick<APIServer, 'handle' | 'failure'> {
  /** Calls the listener, until disposed, whenever everything that goes on has to break. */
  onCrash?(listener: () => void): Disposable
}

export interface HTTPFrontOptions {
  server: RequestHandler
  clock: Clock
  log?: Logger
  /** PEM. */
  key: string | Buffer
  cert: string | Buffer
  /** Authorities whose client certificates are welcome; told to clients, checked by the authenticator. */
  clientCA?: string | Buffer | readonly (string | Buffer)[]
}

const maxConcurrentStreams = 1000
const windowBytes = 1024 * 1024
/** Idle HTTP/1.1 connections live longer than clients keep them, so that none is closed under a request. */
const keepAliveTimeoutMs = 120_000

/** The TLS port of an API server: HTTP/2, HTTP/1.1, and upgrades of HTTP/1.1 connections. */
export class HTTPFront {
  #server: RequestHandler
  #crashes: Disposable | undefined
  readonly #clock: Clock
  readonly #log: Logger
  readonly #http: Http2SecureServer
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #sockets = new Set<Duplex>()

  constructor(options: HTTPFrontOptions) {
    this.#server = options.server
    this.#crashes = this.#followCrashes()
    this.#clock = options.clock
    this.#log = options.log ?? silentLogger
    this.#http = createSecureServer({
      allowHTTP1: true,
      key: options.key,
      cert: options.cert,
      ...(options.clientCA !== undefined && { ca: options.clientCA as never }),
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      settings: { maxConcurrentStreams, initialWindowSize: windowBytes },
    })
    this.#http.setTimeout(0) // watches are silent for long
    Object.assign(this.#http, { keepAliveTimeout: keepAliveTimeoutMs })
    this.#listen()
  }

  /** @returns where it listens; port 0 takes any free one */
  listen(port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(port, host, () => {
        this.#http.removeListener('error', reject)
        this.#http.on('error', (error: Error) => this.#log.error('listening socket failed', { error }))
        resolve(this.#http.address() as AddressInfo)
      })
    })
  }

  /** Another server answers from now on, also on connections that are open; answers under way stay with the one before. */
  setServer(server: RequestHandler): void {
    this.#server = server
    this.#crashes?.[Symbol.dispose]()
    this.#crashes = this.#followCrashes()
  }

  /** Serves new connections with another certificate from now on. */
  setCertificate(context: SecureContextOptions): void {
    this.#http.setSecureContext(context)
  }

  /** Takes no new connection, lets requests under way finish for so long, then closes what is left. Call `APIServer.stop` before. */
  async stop(graceMs: number): Promise<void> {
    const closed = new Promise<void>(resolve => this.#http.close(() => resolve()))
    for (const session of this.#sessions) session.close()
    const idle = this.#http as unknown as Partial<Server>
    idle.closeIdleConnections?.()
    const timer = this.#clock.after(graceMs, () => this.#breakConnections())
    await closed
    timer.cancel()
    // 'close' comes before the listening socket is given back: that is the last phase of a turn of the event loop. Without a turn, a
    // process that starts and stops servers in a row keeps all of them.
    for (let phase = 0; phase < 2; phase++) await new Promise(resolve => setImmediate(resolve))
  }

  #listen(): void {
    const http = this.#http
    // A 'request' listener makes node wrap every HTTP/2 stream in compatibility objects; only HTTP/1.1 requests need them.
    http.removeAllListeners('newListener')
    http.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: unknown) =>
      this.#onStream(stream, headers, rawHeaders as string[]),
    )
    http.on('request', (request, response) => {
      this.#serve(new H1Exchange(request as unknown as IncomingMessage, response as unknown as ServerResponse))
    })
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy())
      this.#serve(new H1Exchange(request, new ServerResponse(request), { socket, head }))
    })
    http.on('clientError', refuseUnparsed)
    http.on('session', (session: ServerHttp2Session) => {
      this.#sessions.add(session)
      session.on('close', () => this.#sessions.delete(session))
      session.on('error', error => this.#log.debug('connection failed', { error }))
    })
    http.on('secureConnection', (socket: TLSSocket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', error => this.#log.debug('connection failed', { error }))
      socket.setNoDelay(true)
    })
    http.on('tlsClientError', (error: Error) => this.#log.debug('TLS handshake failed', { error }))
    http.on('sessionError', error => this.#log.debug('connection failed', { error }))
  }

  #followCrashes(): Disposable | undefined {
    return this.#server.onCrash?.(() => this.#breakConnections())
  }

  #breakConnections(): void {
    for (const session of this.#sessions) session.destroy()
    for (const socket of this.#sockets) socket.destroy()
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[]): void {
    stream.on('error', ignoreStreamError)
    this.#serve(new H2Exchange(stream, headers, rawHeaders))
  }

  #serve(exchange: H1Exchange | H2Exchange): void {
    this.#answer(exchange).catch(error => {
      this.#log.error('answer failed', { path: exchange.path, error })
      exchange.destroy()
    })
  }

  /** A failure after the answer was made (of a connection that a subresource took over) is told if that is still possible. */
  async #answer(exchange: H1Exchange | H2Exchange): Promise<void> {
    const server = this.#server
    const response = await server.handle(exchange)
    try {
      await exchange.send(response)
    } catch (error) {
      await exchange.send(server.failure(error, exchange, response.auditID))
    }
  }
}

/** HTTP/1.1 that node's parser does not take. A method that nobody knows is well-formed all the same, and is answered as upstream does. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const status = error.code === 'HPE_INVALID_METHOD' ? newNotAllowed().status : newBadRequest('400 Bad Request').status
  sendRawStatus(socket, status)
}

/** The stream is destroyed then; whoever waits for it sees that. */
function ignoreStreamError(): void {}
