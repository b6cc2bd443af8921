import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ConnectionOptions } from 'node:tls'
import { type DialAnswer, dialUpgrade } from './dial-upgrade.ts'
import { joinStreams } from './join-streams.ts'
import { rawHead } from './raw-response.ts'

/** What is needed of an upgrade request. */
export interface UpgradeRequest {
  method?: string | undefined
  headers: IncomingHttpHeaders
  /** name, value, name, value, … */
  rawHeaders: string[]
}

export interface UpgradeProxyOptions {
  /** The client's upgrade request with its socket, as the server's `upgrade` event gives them. */
  request: UpgradeRequest
  socket: Duplex
  head: Buffer
  url: URL
  tls?: ConnectionOptions
  /** Gives a connection to a target in this process. */
  connect?: () => Duplex
  /** Lower-case names of request headers that the target must not see. */
  dropHeaders?: ReadonlySet<string>
  /** Header values that replace the client's. */
  setHeaders?: Record<string, string>
  /** Answers the client when the target cannot be reached. Must end the socket. */
  onDialError: (error: Error) => void
}

/**
 * Hands an upgrade request on to another server and then carries raw bytes both ways, whatever protocol they speak. An answer other
 * than 101 reaches the client as it is. Resolves when both connections are closed; never rejects.
 */
export async function proxyUpgrade(options: UpgradeProxyOptions): Promise<void> {
  const { request, socket, head, url } = options
  const gone = new AbortController()
  const onClose = () => gone.abort(new Error('client closed the connection'))
  socket.on('error', onClose)
  socket.once('close', onClose)
  if (socket.destroyed) onClose()
  let answer: DialAnswer
  try {
    const { connect } = options
    const way = { ...(options.tls && { tls: options.tls }), ...(connect && { connect }) }
    answer = await dialUpgrade({ url, method: request.method ?? 'GET', headers: forwardedHeaders(options), signal: gone.signal, ...way })
  } catch (error) {
    if (!gone.signal.aborted) options.onDialError(error as Error)
    return
  }
  socket.removeListener('close', onClose)
  const { response } = answer
  if (!answer.upgraded) return forwardRefusal(response, socket)
  socket.write(rawHead(101, response.rawHeaders, response.statusMessage))
  if (answer.head.length > 0) socket.write(answer.head)
  if (head.length > 0) answer.socket.write(head)
  await joinStreams(socket, answer.socket)
}

function forwardedHeaders({ request, dropHeaders, setHeaders }: UpgradeProxyOptions): Record<string, string | string[]> {
  const headers = new Map<string, string[]>()
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!.toLowerCase()
    if (name === 'host' || dropHeaders?.has(name)) continue
    // Lines of one name stay apart: old peers do not split X-Stream-Protocol-Version at commas.
    const values = headers.get(name)
    if (values === undefined) headers.set(name, [request.rawHeaders[index + 1]!])
    else values.push(request.rawHeaders[index + 1]!)
  }
  return { ...Object.fromEntries(headers), ...setHeaders }
}

const perConnectionHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade'])

async function forwardRefusal(response: IncomingMessage, socket: Duplex): Promise<void> {
  const fields: string[] = []
  for (let index = 0; index < response.rawHeaders.length; index += 2) {
    const name = response.rawHeaders[index]!
    if (!perConnectionHeaders.has(name.toLowerCase())) fields.push(name, response.rawHeaders[index + 1]!)
  }
  // The body ends with the connection: its length may be unknown.
  socket.write(rawHead(response.statusCode ?? 502, [...fields, 'Connection', 'close'], response.statusMessage))
  try {
    await pipeline(response, socket)
  } catch {
    // Either side broke off; there is nobody left to tell.
  }
  socket.destroy()
}
