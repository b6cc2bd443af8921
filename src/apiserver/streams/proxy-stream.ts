import { type IncomingMessage, type OutgoingHttpHeaders, request as requestHTTP } from 'node:http'
import { request as requestHTTPS } from 'node:https'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { newBadRequest, newGenericServerResponse, newInternalError, type StatusError } from '#apimachinery/status/status.ts'
import { credentialHeaders, type StreamTarget, urlOf } from './target.ts'

/** The answering side of node:http or of node:http2's compatibility API. */
export interface ProxyResponse extends Writable {
  readonly headersSent: boolean
  statusCode: number
  setHeader(name: string, value: string | string[]): unknown
  /** Both have it; the types of node:http2 do not say so. */
  flushHeaders?(): void
}

/** The asking side of either. */
export interface ProxyRequest extends Readable {
  method?: string | undefined
  headers: NodeJS.Dict<string | string[]>
}

const errorBodyBytesMax = 50_000

export interface ProxyStreamOptions {
  response: ProxyResponse
  target: StreamTarget
  /** For the words of a failure: whose log this is. */
  resource: { group: string; resource: string }
  name: string
  contentType?: string
  signal: AbortSignal
}

/**
 * Answers with what a GET of the target streams (a container's log), no faster than the client reads, for as long as both sides stay.
 * Throws a StatusError while nothing was sent: when the target cannot be reached, or with the kubelet's own words when it refuses.
 * Once the body has begun, a failure of the target breaks the response off.
 */
export async function proxyStream(options: ProxyStreamOptions): Promise<void> {
  const { response, target, contentType = 'text/plain', signal } = options
  const answer = await ask(target, 'GET', {}, undefined, signal)
  const statusCode = answer.statusCode ?? 0
  if (statusCode < 200 || statusCode > 206) throw refusalOf(options, statusCode, await readStart(answer))
  response.statusCode = statusCode
  response.setHeader('Content-Type', contentType)
  // A followed log may be silent for long; the client shall know that it is connected.
  response.flushHeaders?.()
  await carry(answer, response)
}

/** As upstream's response checker for streamed subresources. */
function refusalOf({ resource, name }: ProxyStreamOptions, statusCode: number, text: string): StatusError {
  if (statusCode === 500) return newInternalError(text)
  if (statusCode === 400) return newBadRequest(text)
  return newGenericServerResponse(statusCode, '', resource, name, text, 0, true)
}

async function readStart(body: Readable): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of body as AsyncIterable<Buffer>) {
    parts.push(part)
    length += part.length
    if (length >= errorBodyBytesMax) break
  }
  return Buffer.concat(parts).toString('utf8', 0, errorBodyBytesMax)
}

const perConnectionHeaders = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export interface ProxyRequestOptions {
  request: ProxyRequest
  response: ProxyResponse
  target: StreamTarget
  signal: AbortSignal
}

/**
 * Hands a whole request on (nodes/proxy, pods/proxy, …) and its answer back, bodies streamed. Throws a StatusError when the target
 * cannot be reached; its own answers, whatever their code, are the client's.
 */
export async function proxyRequest({ request, response, target, signal }: ProxyRequestOptions): Promise<void> {
  const headers: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith(':') && !perConnectionHeaders.has(name) && !credentialHeaders.has(name)) headers[name] = value
  }
  const answer = await ask(target, request.method ?? 'GET', headers, request, signal)
  response.statusCode = answer.statusCode ?? 502
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    if (!perConnectionHeaders.has(name) && values !== undefined) response.setHeader(name, values)
  }
  response.flushHeaders?.()
  await carry(answer, response)
}

function ask(
  target: StreamTarget,
  method: string,
  headers: OutgoingHttpHeaders,
  body: Readable | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const open = target.tls === undefined ? requestHTTP : requestHTTPS
    const way = target.connect === undefined ? { agent: false as const } : { createConnection: target.connect }
    const outgoing = open(urlOf(target), { ...target.tls, ...way, method, headers, signal })
    outgoing.once('response', resolve)
    outgoing.once('error', error =>
      reject(signal.aborted ? signal.reason : newInternalError(`error dialing backend: ${error.message}`, error)),
    )
    if (body === undefined) outgoing.end()
    else body.pipe(outgoing)
  })
}

/** A client that leaves ends the target's work, too; a target that breaks off breaks the response. Neither is news to anybody. */
async function carry(answer: IncomingMessage, response: ProxyResponse): Promise<void> {
  try {
    await pipeline(answer, response)
  } catch {
    response.destroy()
  }
}
