import { Agent, request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { statusErrorOf } from '#apimachinery/status/status.ts'
import type { ClientConfig } from './kubeconfig/load-kubeconfig.ts'
import type { Transport, TransportRequest, TransportResponse, WatchFrame } from './transport.ts'

/** Without `ca`, the system's authorities count. */
export interface HTTPSTransportOptions extends Omit<ClientConfig, 'namespace'> {
  userAgent: string
}

/** Talks to an API server over HTTPS with kept-alive connections. */
export class HTTPSTransport implements Transport, Disposable {
  readonly #options: HTTPSTransportOptions
  readonly #agent: Agent

  constructor(options: HTTPSTransportOptions) {
    this.#options = options
    this.#agent = new Agent({
      keepAlive: true,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(options.cert === undefined ? {} : { cert: options.cert, key: options.key }),
      ...(options.tlsServerName === undefined ? {} : { servername: options.tlsServerName }),
      rejectUnauthorized: options.insecureSkipTLSVerify !== true,
    })
  }

  async request(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse> {
    const response = await this.#open(request, signal)
    const status = response.statusCode ?? 0
    const body = parseBody(await readText(response, signal), response.headers['content-type'])
    if (status >= 400) throw statusErrorOf(body, status)
    return { status, body, warnings: warningTexts(response.headers['warning']) }
  }

  /** The answer as text, as it comes. Ends when the server ends it. @throws StatusError */
  async *follow(request: TransportRequest, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const response = await this.#open(request, signal)
    const status = response.statusCode ?? 0
    if (status >= 400) throw statusErrorOf(parseBody(await readText(response, signal), response.headers['content-type']), status)
    yield* textOf(response, signal)
  }

  async *watch(request: TransportRequest, signal: AbortSignal): AsyncGenerator<readonly WatchFrame[], void, undefined> {
    let rest = ''
    for await (const chunk of this.follow(request, signal)) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      const frames = lines.filter(line => line !== '').map(line => JSON.parse(line) as WatchFrame)
      if (frames.length > 0) yield frames
    }
  }

  /** Closes every connection; requests under way fail. */
  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  #open({ method, path, body, contentType, accept }: TransportRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { server, token, userAgent } = this.#options
    const payload = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const headers: Record<string, string | number> = { accept: accept ?? 'application/json', 'user-agent': userAgent }
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`
    if (payload !== undefined) {
      headers['content-type'] = contentType ?? 'application/json'
      headers['content-length'] = payload.length
    }
    return new Promise((resolve, reject) => {
      const send = () => {
        const outgoing = httpsRequest(new URL(path, server), { method, headers, agent: this.#agent, signal }, resolve)
        outgoing.on('error', (error: NodeJS.ErrnoException) => {
          // The server may close an idle connection at the moment that we use it. Reading again does no harm.
          if (method === 'GET' && outgoing.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted) send()
          else reject(signal.aborted ? signal.reason : error)
        })
        outgoing.end(payload)
      }
      send()
    })
  }
}

/** The chunks of an answer as text; characters that two chunks share come whole. @throws `signal.reason` when aborted */
async function* textOf(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  response.setEncoding('utf8')
  try {
    for await (const chunk of response) yield chunk as string
  } catch (error) {
    // Node tells an abort from our side as a connection that was reset.
    signal.throwIfAborted()
    throw error
  } finally {
    response.destroy()
  }
}

async function readText(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const chunks: string[] = []
  for await (const chunk of textOf(response, signal)) chunks.push(chunk)
  return chunks.join('')
}

function parseBody(text: string, contentType: string | undefined): unknown {
  return contentType?.includes('json') && text !== '' ? JSON.parse(text) : text
}

/** The quoted texts of `Warning: 299 - "…"` headers. */
function warningTexts(header: string | string[] | undefined): string[] {
  const lines = header === undefined ? [] : Array.isArray(header) ? header : [header]
  return lines.flatMap(line => [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(match => match[1]!.replace(/\\(.)/g, '$1')))
}
