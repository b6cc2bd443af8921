import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Duplex, duplexPair } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Clock } from '#base/clock.ts'
import { sleepFor, untilAborted } from './sleep.ts'
import type { HTTPAnswer, HTTPAnswerScript, HTTPQuestion } from './image.ts'

/** Who answers on an open port. */
export type PortListener = HTTPListener | { connection(connection: Duplex): void }

export interface HTTPListener {
  http(request: HTTPQuestion): HTTPAnswer | Promise<HTTPAnswer>
}

const okStatus = 200

/** What arrived of an answer. */
type FullAnswer = Required<Omit<HTTPAnswer, 'delayMs'>>

/** What stands behind an address. */
export interface Endpoint {
  /** Whether packets arrive there at all. */
  readonly reachable: boolean
  /** Whether they do from other machines. */
  readonly isConnected: boolean
  /** Undefined when nobody listens. */
  listener(port: number): PortListener | undefined
}

export interface Address {
  ip: string
  port: number
}

/** A connection that could not be made; `code` is the operating system's, as `node:net` gives it. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError'
  readonly code: 'ECONNREFUSED' | 'EHOSTUNREACH'

  constructor(code: ConnectError['code'], { ip, port }: Address) {
    super(`connect ${code} ${ip}:${port}`)
    this.code = code
  }
}

/** The pods' network of all simulated nodes. Costs one entry per running pod; no sockets. */
export class SimulatedNetwork {
  readonly #clock: Clock
  readonly #endpoints = new Map<string, Endpoint>()
  #server: Server | undefined
  readonly #served = new WeakMap<object, { listener: HTTPListener; port: number }>()

  constructor(options: { clock: Clock }) {
    this.#clock = options.clock
  }

  attach(address: string, endpoint: Endpoint): void {
    this.#endpoints.set(address, endpoint)
  }

  detach(address: string): void {
    this.#endpoints.delete(address)
  }

  isTaken(address: string): boolean {
    return this.#endpoints.has(address)
  }

  /** Whether somebody takes connections there; asked by the machine itself. @throws ConnectError when nobody does */
  requireOpen(address: Address): void {
    this.#listener(address.ip, address.port)
  }

  /**
   * An HTTP request to a pod of the same machine, without a connection: cheap enough for the probes of thousands of pods.
   * @returns the answer, at once when the program needs no time for it
   * @throws ConnectError; `signal.reason` when aborted (or rejects with it)
   */
  request(address: Address, request: Omit<HTTPQuestion, 'port'>, signal: AbortSignal): Promise<FullAnswer> | FullAnswer {
    const answer = this.#ask(address.ip, { ...request, port: address.port }, signal)
    return answer instanceof Promise ? answer.then(withDefaults) : withDefaults(answer)
  }

  /** The same, for who looks at the answer's status only. */
  statusOf(ip: string, question: HTTPQuestion, signal: AbortSignal): Promise<number> | number {
    const answer = this.#ask(ip, question, signal)
    return answer instanceof Promise ? answer.then(({ status = okStatus }) => status) : (answer.status ?? okStatus)
  }

  #ask(ip: string, question: HTTPQuestion, signal: AbortSignal): Promise<HTTPAnswer> | HTTPAnswer {
    signal.throwIfAborted()
    const { port } = question
    const listener = this.#listener(ip, port)
    if (!('http' in listener)) throw new ConnectError('ECONNREFUSED', { ip, port })
    const answer = listener.http(question)
    return answer instanceof Promise || (answer.delayMs ?? 0) > 0 ? this.#answerLater(answer, signal) : answer
  }

  async #answerLater(answering: Promise<HTTPAnswer> | HTTPAnswer, signal: AbortSignal): Promise<HTTPAnswer> {
    // Who asks sets a deadline when there is no answer yet: its timer comes before ours, so that an answer at that very moment is late.
    const answer = await (answering instanceof Promise ? untilAborted(answering, signal) : answering)
    const { delayMs = 0 } = answer
    if (delayMs > 0) await sleepFor(this.#clock, delayMs, signal)
    return answer
  }

  /** A connection from elsewhere to a port of a pod. @throws ConnectError */
  async connect(address: Address, signal: AbortSignal): Promise<Duplex> {
    signal.throwIfAborted()
    if (this.#endpoints.get(address.ip)?.isConnected === false) throw new ConnectError('EHOSTUNREACH', address)
    return this.open(this.#listener(address.ip, address.port), address.port)
  }

  /** A connection to a listener. */
  open(listener: PortListener, port: number): Duplex {
    const [near, far] = duplexPair()
    if ('http' in listener) {
      this.#served.set(far, { listener, port })
      this.#httpServer().emit('connection', far)
    } else listener.connection(far)
    return near
  }

  #listener(ip: string, port: number): PortListener {
    const endpoint = this.#endpoints.get(ip)
    if (endpoint === undefined || !endpoint.reachable) throw new ConnectError('EHOSTUNREACH', { ip, port })
    const listener = endpoint.listener(port)
    if (listener === undefined) throw new ConnectError('ECONNREFUSED', { ip, port })
    return listener
  }

  /** Speaks HTTP on connections. It never listens. */
  #httpServer(): Server {
    this.#server ??= createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy())
    })
    return this.#server
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { listener, port } = this.#served.get(request.socket)!
    const left = new AbortController()
    response.on('close', () => left.abort(new Error('the client is gone')))
    const { status, headers, body, delayMs } = await listener.http({
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body: await buffer(request),
      port,
    })
    if (delayMs !== undefined && delayMs > 0) await sleepFor(this.#clock, delayMs, left.signal)
    response.writeHead(status ?? okStatus, { ...headers }).end(body ?? '')
  }
}

function withDefaults({ status = okStatus, headers = {}, body = '' }: HTTPAnswer): FullAnswer {
  return { status, headers, body }
}

/** The short forms of an answer, written out. */
export function answerOf(script: HTTPAnswerScript, request: HTTPQuestion): HTTPAnswer | Promise<HTTPAnswer> {
  const answer = typeof script === 'function' ? script(request) : script
  return answer instanceof Promise ? answer.then(inFull) : inFull(answer)
}

function inFull(answer: string | number | HTTPAnswer): HTTPAnswer {
  if (typeof answer === 'string') return { body: answer }
  return typeof answer === 'number' ? { status: answer } : answer
}
