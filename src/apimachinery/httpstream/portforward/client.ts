import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createWebSocketStream } from 'ws'
import type { Clock } from '#base/clock.ts'
import type { DialOptions } from '../dial-upgrade.ts'
import { SPDYConnection } from '../spdy/connection.ts'
import { dialSPDY } from '../spdy/upgrade.ts'
import { dialWebSocket } from '../websocket/dial.ts'
import { header, portForwardProtocol, tunnelProtocol } from './protocols.ts'

/** The client's side of one port-forward. */
export interface PortForwarder {
  /** Opens a connection to a port of the pod. Throws when the session is gone. */
  open(port: number): ForwardedConnection
  /** Aborted when the session is gone. */
  readonly signal: AbortSignal
  close(): Promise<void>
}

export interface ForwardedConnection {
  readonly data: Duplex
  /** Why the connection failed; '' when it did not. Resolves when it has ended. */
  readonly error: Promise<string>
}

export interface PortForwardDial extends DialOptions {
  clock: Clock
}

/** Forwards over SPDY, as a CRI runtime's streaming server speaks it. Rejects when the connection is refused. */
export async function dialPortForwardSPDY(dial: PortForwardDial): Promise<PortForwarder> {
  const { connection } = await dialSPDY(dial, [portForwardProtocol], { clock: dial.clock })
  return newForwarder(connection)
}

/** Forwards over SPDY in a WebSocket, as an API server speaks it. Rejects when the connection is refused. */
export async function dialPortForwardWebSocket(dial: PortForwardDial): Promise<PortForwarder> {
  const tunnel = createWebSocketStream(await dialWebSocket(dial, tunnelProtocol))
  return newForwarder(new SPDYConnection(tunnel, Buffer.alloc(0), { role: 'client', clock: dial.clock }))
}

function newForwarder(connection: SPDYConnection): PortForwarder {
  let requests = 0
  return {
    open(port) {
      const headers = (streamType: string) =>
        new Map<string, string>([
          [header.streamType, streamType],
          [header.port, String(port)],
          [header.requestID, requestID],
        ])
      const requestID = String(requests++)
      const error = connection.createStream(headers('error'))
      error.end()
      const data = connection.createStream(headers('data'))
      data.destroyOnReset()
      return { data, error: text(error) }
    },
    signal: connection.signal,
    close: () => connection.close(),
  }
}
