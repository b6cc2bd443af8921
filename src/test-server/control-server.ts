import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  newBadRequest,
  newMethodNotSupported,
  newNotFound,
  newRequestEntityTooLarge,
  newServiceUnavailable,
  newTimeout,
  StatusError,
  toStatus,
} from '#apimachinery/status/status.ts'
import { parseWithoutPrototypes } from '#apimachinery/value/json-value.ts'
import type { Logger } from '#base/log.ts'
import { ConnectionLostError } from '#client/transport.ts'
import { DeadlineExceeded } from '#cluster/index.ts'
import type { HostedCluster } from './hosted-cluster.ts'
import { refused } from './refused.ts'
import type { Route } from './route.ts'
import { readShape, type Shape, ShapeError } from '#apimachinery/validation/shape.ts'

const bodyBytesMax = 2 ** 20

export interface ControlServerOptions {
  routes: readonly Route[]
  /** The cluster whose secret this is. */
  find(secret: string): HostedCluster | undefined
  log: Logger
}

/**
 * HTTP on the loopback address: `/SECRET/route`. Whoever does not know a cluster's secret learns nothing, a web page in somebody's browser
 * included.
 */
export class ControlServer implements AsyncDisposable {
  readonly #server: Server
  readonly #options: ControlServerOptions
  readonly #stop = new AbortController()

  private constructor(options: ControlServerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async listen(options: ControlServerOptions): Promise<ControlServer> {
    const control = new ControlServer(options)
    await new Promise<void>((resolve, reject) => {
      control.#server.once('error', reject)
      control.#server.listen({ host: '127.0.0.1', port: 0 }, resolve)
    })
    return control
  }

  /** Where the API of the cluster with that secret begins. */
  urlOf(secret: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${secret}`
  }

  /** Whoever still waits is told that the server stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve))
    this.#stop.abort(newServiceUnavailable('the test server stops'))
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.on('close', () => gone.abort(new Error('the caller has gone')))
    const signal = AbortSignal.any([gone.signal, this.#stop.signal])
    try {
      send(response, 200, await Promise.race([this.#run(request, response, signal), abortion(signal)]))
    } catch (error) {
      if (gone.signal.aborted) return
      const refusal = refusalOf(error)
      if (!(refusal instanceof StatusError)) this.#options.log.error('control request failed', { error })
      const status = toStatus(refusal)
      send(response, status.code!, status)
    }
  }

  async #run(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<unknown> {
    const url = new URL(request.url ?? '/', 'http://control')
    const [, secret = '', ...rest] = url.pathname.split('/')
    const hosted = this.#options.find(secret)
    if (hosted === undefined) throw newNotFound({ group: '', resource: 'clusters' }, secret)
    const { route, params } = this.#routeOf(request.method ?? '', `/${rest.join('/')}`, response)
    const query = checked(route.query, Object.fromEntries(url.searchParams))
    const body = route.body === undefined ? undefined : checked(route.body, await jsonBody(request))
    using _ = route.time === undefined ? undefined : hosted.time.claim(route.time)
    return await route.run({ hosted, params, query, body, signal })
  }

  #routeOf(method: string, path: string, response: ServerResponse): { route: Route; params: Record<string, string> } {
    const matching = this.#options.routes.flatMap(route => {
      const params = matchPath(route.path, path)
      return params === undefined ? [] : [{ route, params }]
    })
    if (matching.length === 0) throw newNotFound({ group: '', resource: 'routes' }, path)
    const found = matching.find(({ route }) => route.method === method)
    if (found !== undefined) return found
    response.setHeader('Allow', matching.map(({ route }) => route.method).join(', '))
    throw newMethodNotSupported({ group: '', resource: path }, method)
  }
}

/** The parameters, when the path is of the declared form. */
export function matchPath(declared: string, path: string): Record<string, string> | undefined {
  const have = path.split('/')
  const want = declared.split('/')
  if (want.length !== have.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of want.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name !== undefined) params[name] = decoded(have[index]!)
    else if (part !== have[index]) return undefined
  }
  return params
}

/** What cannot be decoded stands for itself: no name is like that. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** @throws StatusError */
function checked<T>(shape: Shape<T>, value: unknown): T {
  try {
    return readShape(shape, value)
  } catch (error) {
    throw error instanceof ShapeError ? refused(error.errors) : error
  }
}

/** What clusters throw though nothing is wrong with them; all else as it is. */
function refusalOf(error: unknown): unknown {
  if (error instanceof ConnectionLostError) return newServiceUnavailable('the API server does not answer')
  return error instanceof DeadlineExceeded ? newTimeout(error.message) : error
}

/** None is as good as an empty object. @throws StatusError */
async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    // What is too much is read all the same: somebody who is still sending would not see the answer.
    if (sizeBytes <= bodyBytesMax) chunks.push(chunk)
  }
  if (sizeBytes > bodyBytesMax) throw newRequestEntityTooLarge(`limit is ${bodyBytesMax}`)
  if (sizeBytes === 0) return {}
  try {
    return parseWithoutPrototypes(Buffer.concat(chunks).toString())
  } catch (error) {
    throw newBadRequest(`the body is no JSON: ${(error as Error).message}`)
  }
}

function abortion(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

function send(response: ServerResponse, code: number, body: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`)
  // Connections that are kept would keep the server from ending, and end in the hands of those who reuse them.
  response.shouldKeepAlive = false
  response.writeHead(code, { 'Content-Type': 'application/json', 'Content-Length': bytes.length, 'Cache-Control': 'no-store' }).end(bytes)
}
