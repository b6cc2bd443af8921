import { createWebSocketStream } from 'ws'
import { sendRawError } from '../raw-response.ts'
import type { AcceptOptions } from '../remotecommand/server.ts'
import { SPDYConnection } from '../spdy/connection.ts'
import { acceptSPDY, isSPDYRequest, negotiateStreamProtocol } from '../spdy/upgrade.ts'
import { acceptWebSocket, isWebSocketRequest, negotiateSubprotocol } from '../websocket/accept.ts'
import { ChannelSocket } from '../websocket/channel-socket.ts'
import { ChannelPortForwardSession } from './channel-session.ts'
import { channelProtocols, portForwardProtocol, tunnelProtocol } from './protocols.ts'
import type { PortForwardSession } from './session.ts'
import { SPDYPortForwardSession } from './spdy-session.ts'

const nothing = Buffer.alloc(0)

/**
 * Takes over a port-forward request of any protocol.
 * @param ports what the request names; only the channel protocols need them
 * @returns undefined when the request was refused; it is answered then
 */
export async function acceptPortForward(accept: AcceptOptions, ports: readonly number[]): Promise<PortForwardSession | undefined> {
  const { request, socket, head, clock } = accept
  if (isWebSocketRequest(request.headers)) return acceptOverWebSocket(accept, ports)
  if (!isSPDYRequest(request.headers)) {
    sendRawError(socket, 400, 'unable to upgrade: missing upgrade headers in request')
    return undefined
  }
  const protocol = negotiateStreamProtocol(request, socket, [portForwardProtocol])
  if (protocol === undefined) return undefined
  return new SPDYPortForwardSession(clock, onStream => acceptSPDY(socket, head, protocol, { clock, onStream }))
}

async function acceptOverWebSocket(accept: AcceptOptions, ports: readonly number[]): Promise<PortForwardSession | undefined> {
  const { request, socket, head, clock } = accept
  const protocol = negotiateSubprotocol(request, socket, [tunnelProtocol, ...Object.keys(channelProtocols)])
  if (protocol === undefined) return undefined
  if (protocol !== tunnelProtocol && ports.length === 0) {
    sendRawError(socket, 400, 'query parameter "port" is required')
    return undefined
  }
  const webSocket = await acceptWebSocket(request, socket, head, protocol)
  if (webSocket === undefined) return undefined
  if (protocol !== tunnelProtocol) {
    const { base64 } = channelProtocols[protocol]!
    return new ChannelPortForwardSession(new ChannelSocket(webSocket, { base64, clock, connection: socket }), ports)
  }
  const tunnel = createWebSocketStream(webSocket)
  return new SPDYPortForwardSession(clock, onStream => new SPDYConnection(tunnel, nothing, { role: 'server', clock, onStream }))
}
