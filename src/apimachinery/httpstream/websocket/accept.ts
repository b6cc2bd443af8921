import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { sendRawError } from '../raw-response.ts'
import { commaSeparated } from '../spdy/upgrade.ts'

const messageBytesMax = 32 * 1024 * 1024
const keepAliveMs = 30_000

/** Whether a request asks to go on as a WebSocket. */
export function isWebSocketRequest(headers: IncomingHttpHeaders): boolean {
  const has = (value: string | undefined, token: string) => commaSeparated(value).some(part => part.toLowerCase() === token)
  return has(headers.connection, 'upgrade') && has(headers.upgrade, 'websocket')
}

/** Subprotocols the client offers, best first. */
export function offeredProtocols(headers: IncomingHttpHeaders): string[] {
  return commaSeparated(headers['sec-websocket-protocol'])
}

/**
 * The first protocol of the client that is supported; '' when it offers none and '' is supported. Undefined after it has refused the
 * request with 403.
 */
export function negotiateSubprotocol(request: IncomingMessage, socket: Duplex, supported: readonly string[]): string | undefined {
  const offered = offeredProtocols(request.headers)
  const chosen = (offered.length === 0 ? [''] : offered).find(protocol => supported.includes(protocol))
  if (chosen === undefined) {
    sendRawError(
      socket,
      403,
      `unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${supported.join(' ')}]`,
    )
  }
  return chosen
}

/**
 * Answers 101 with the chosen subprotocol. The socket comes paused, so that no message passes before somebody listens. Undefined after
 * it has refused a malformed handshake.
 */
export function acceptWebSocket(request: IncomingMessage, socket: Duplex, head: Buffer, protocol: string): Promise<WebSocket | undefined> {
  return new Promise(resolve => {
    const server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: messageBytesMax })
    // Kubernetes' tunnel protocol has a "/" in its name, which the library rightly calls no token: so the names pass it by.
    delete request.headers['sec-websocket-protocol']
    server.on('headers', headers => {
      if (protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`)
    })
    server.on('wsClientError', error => {
      sendRawError(socket, 400, error.message)
      resolve(undefined)
    })
    if (socket instanceof Socket) socket.setKeepAlive(true, keepAliveMs)
    server.handleUpgrade(request, socket, head, webSocket => {
      webSocket.pause()
      resolve(webSocket)
    })
  })
}
