import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from 'node:http'
import { connect as connectTCP } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTLS } from 'node:tls'

export interface DialOptions {
  /** http: or https: */
  url: URL
  method?: string
  headers?: OutgoingHttpHeaders
  /** Trust and identity for https: (ca, cert, key, servername, …). */
  tls?: ConnectionOptions
  /** Gives the connection itself, where there is no socket to open. */
  connect?: () => Duplex
  signal: AbortSignal
}

export type DialAnswer =
  | { upgraded: true; response: IncomingMessage; socket: Duplex; head: Buffer }
  /** Any answer other than 101. Its body is still to be read. */
  | { upgraded: false; response: IncomingMessage }

const keepAliveMs = 30_000

/** Sends an upgrade request (the headers name the protocol). Rejects when there is no answer. */
export function dialUpgrade(options: DialOptions): Promise<DialAnswer> {
  return new Promise((resolve, reject) => {
    const request = openRequest(options)
    request.once('upgrade', (response, socket, head) => resolve({ upgraded: true, response, socket, head }))
    request.once('response', response => resolve({ upgraded: false, response }))
    request.on('error', reject)
    request.end()
  })
}

function openRequest({ url, method = 'GET', headers, tls, connect, signal }: DialOptions): ClientRequest {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  return httpRequest({
    host,
    port,
    path: url.pathname + url.search,
    method,
    headers: { host: url.host, ...headers },
    signal,
    createConnection() {
      if (connect !== undefined) return connect()
      const target = { host, port, allowHalfOpen: true }
      const isTLS = url.protocol === 'https:'
      const socket = isTLS ? connectTLS({ ...serverName(host), ...tls, ...target, ALPNProtocols: ['http/1.1'] }) : connectTCP(target)
      socket.setNoDelay(true)
      socket.setKeepAlive(true, keepAliveMs)
      return socket
    },
  })
}

/** An address is no name to ask for in TLS. */
function serverName(host: string): ConnectionOptions {
  return /^[\d.]+$|:/.test(host) ? {} : { servername: host }
}

const refusalBytesMax = 16 * 1024

/** The peer answered an upgrade request with something else. */
export class UpgradeRefusedError extends Error {
  override readonly name = 'UpgradeRefusedError'
  readonly statusCode: number
  readonly body: string

  constructor(statusCode: number, body: string) {
    super(`unable to upgrade connection: ${body.trim() || `server answered ${statusCode}`}`)
    this.statusCode = statusCode
    this.body = body
  }
}

/** Reads a refusal (at most its first 16 KiB). */
export async function readRefusal(response: IncomingMessage): Promise<UpgradeRefusedError> {
  const parts: Buffer[] = []
  let length = 0
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part)
      length += part.length
      if (length >= refusalBytesMax) break
    }
  } catch {
    // The status code alone still tells what happened.
  }
  return new UpgradeRefusedError(response.statusCode ?? 0, Buffer.concat(parts).toString('utf8', 0, refusalBytesMax))
}
