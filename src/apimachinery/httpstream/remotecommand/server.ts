import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import { sendRawError } from '../raw-response.ts'
import type { SPDYConnection } from '../spdy/connection.ts'
import type { SPDYStream } from '../spdy/stream.ts'
import { acceptSPDY, isSPDYRequest, negotiateStreamProtocol } from '../spdy/upgrade.ts'
import { acceptWebSocket, isWebSocketRequest, negotiateSubprotocol } from '../websocket/accept.ts'
import { ChannelSocket } from '../websocket/channel-socket.ts'
import { channel, type StreamType, spdyProtocols, streamProtocol, streamTypeHeader, webSocketProtocols } from './protocols.ts'
import { newServerSession, type SessionStreams } from './server-session.ts'
import type { RemoteCommandOptions, RemoteCommandSession } from './session.ts'

export interface AcceptOptions {
  /** The client's upgrade request with its socket, as the server's `upgrade` event gives them. */
  request: IncomingMessage
  socket: Duplex
  head: Buffer
  clock: Clock
}

const streamCreationTimeoutMs = 30_000

/** Takes over an exec or attach request of any protocol. Undefined when it was refused or the client left; it is answered then. */
export async function acceptRemoteCommand(accept: AcceptOptions, options: RemoteCommandOptions): Promise<RemoteCommandSession | undefined> {
  const { headers } = accept.request
  if (isWebSocketRequest(headers)) return acceptOverWebSocket(accept, options)
  if (isSPDYRequest(headers)) return acceptOverSPDY(accept, options)
  sendRawError(accept.socket, 400, 'unable to upgrade: missing upgrade headers in request')
  return undefined
}

async function acceptOverWebSocket(accept: AcceptOptions, options: RemoteCommandOptions): Promise<RemoteCommandSession | undefined> {
  const { request, socket, head, clock } = accept
  const protocol = negotiateSubprotocol(request, socket, Object.keys(webSocketProtocols))
  if (protocol === undefined) return undefined
  const { base64, version } = webSocketProtocols[protocol]!
  const webSocket = await acceptWebSocket(request, socket, head, protocol)
  if (webSocket === undefined) return undefined
  const channels = new ChannelSocket(webSocket, {
    base64,
    clock,
    connection: socket,
    ...(version === 5 ? { closeFrames: 'received' } : {}),
  })
  // Old clients wait for a first message to know that they are connected.
  if (version < 5) channels.notify(options.stdout ? channel.stdout : options.stderr ? channel.stderr : channel.error)
  return newServerSession({
    streams: {
      error: channels.channel(channel.error),
      stdin: options.stdin ? channels.channel(channel.stdin) : undefined,
      stdout: options.stdout ? channels.channel(channel.stdout) : undefined,
      stderr: options.stderr ? channels.channel(channel.stderr) : undefined,
      resize: channels.channel(channel.resize),
    },
    options,
    statusAsJSON: version >= 4,
    signal: channels.signal,
    close: () => channels.close(),
  })
}

async function acceptOverSPDY(accept: AcceptOptions, options: RemoteCommandOptions): Promise<RemoteCommandSession | undefined> {
  const { request, socket, head, clock } = accept
  const protocol = negotiateStreamProtocol(request, socket, spdyProtocols)
  if (protocol === undefined) return undefined
  const resizable = protocol === streamProtocol.v4 || protocol === streamProtocol.v3
  const expected: StreamType[] = ['error']
  if (options.stdin) expected.push('stdin')
  if (options.stdout) expected.push('stdout')
  if (options.stderr) expected.push('stderr')
  if (options.tty && resizable) expected.push('resize')
  const streams = await acceptStreams(expected, clock, onStream => acceptSPDY(socket, head, protocol, { clock, onStream }))
  if (streams === undefined) return undefined
  return newServerSession({ ...streams, options, statusAsJSON: protocol === streamProtocol.v4 })
}

interface AcceptedStreams {
  streams: SessionStreams
  signal: AbortSignal
  close(): Promise<void>
}

/** Waits for the streams that the client has to open. Undefined when it leaves or takes too long; the connection is closed then. */
async function acceptStreams(
  expected: readonly StreamType[],
  clock: Clock,
  open: (onStream: (stream: SPDYStream) => void) => SPDYConnection,
): Promise<AcceptedStreams | undefined> {
  const streams: Partial<Record<StreamType, SPDYStream>> = {}
  const complete = Promise.withResolvers<boolean>()
  const connection = open(stream => {
    const type = stream.headers.get(streamTypeHeader) as StreamType
    if (!expected.includes(type) || streams[type] !== undefined) {
      stream.destroy()
      return
    }
    stream.accept()
    streams[type] = stream
    if (expected.every(type => streams[type] !== undefined)) complete.resolve(true)
  })
  using _timeout = clock.after(streamCreationTimeoutMs, () => complete.resolve(false))
  connection.signal.addEventListener('abort', () => complete.resolve(false), { once: true })
  if (!(await complete.promise)) {
    await connection.close()
    return undefined
  }
  const { error, stdin, stdout, stderr, resize } = streams
  return { streams: { error: error!, stdin, stdout, stderr, resize }, signal: connection.signal, close: () => connection.close() }
}
