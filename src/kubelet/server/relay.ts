import type { Duplex, Readable } from 'node:stream'
import { createWebSocketStream } from 'ws'
import { dialUpgrade, readRefusal } from '#apimachinery/httpstream/dial-upgrade.ts'
import { joinStreams } from '#apimachinery/httpstream/join-streams.ts'
import { dialPortForwardSPDY } from '#apimachinery/httpstream/portforward/client.ts'
import { portForwardProtocol, tunnelProtocol } from '#apimachinery/httpstream/portforward/protocols.ts'
import { acceptPortForward } from '#apimachinery/httpstream/portforward/server.ts'
import { dialRemoteCommandSPDY, type RemoteCommandProcess } from '#apimachinery/httpstream/remotecommand/client.ts'
import { type AcceptOptions, acceptRemoteCommand } from '#apimachinery/httpstream/remotecommand/server.ts'
import type { RemoteCommandOptions, RemoteCommandSession } from '#apimachinery/httpstream/remotecommand/session.ts'
import { spdyUpgrade } from '#apimachinery/httpstream/spdy/upgrade.ts'
import { acceptWebSocket, offeredProtocols } from '#apimachinery/httpstream/websocket/accept.ts'

/** Translates a WebSocket client's exec or attach to SPDY towards the runtime. Rejects when the runtime refuses, with the client unanswered. */
export async function relayRemoteCommand(
  accept: AcceptOptions,
  url: URL,
  options: RemoteCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const process = await dialRemoteCommandSPDY({ url, clock: accept.clock, signal }, options)
  const session = await acceptRemoteCommand(accept, options)
  if (session !== undefined) await connect(session, process)
  await process.close()
}

async function connect(session: RemoteCommandSession, process: RemoteCommandProcess): Promise<void> {
  session.signal.addEventListener('abort', () => void process.close().catch(() => undefined), { once: true })
  if (session.stdin !== undefined && process.stdin !== undefined) session.stdin.pipe(process.stdin)
  if (session.stdout !== undefined) process.stdout?.pipe(session.stdout, { end: false })
  if (session.stderr !== undefined) process.stderr?.pipe(session.stderr, { end: false })
  const resizing = (async () => {
    for await (const size of session.resizes) process.resize(size)
  })()
  const [result] = await Promise.all([process.result, endOf(process.stdout), endOf(process.stderr)])
  await session.finish(result)
  await resizing
}

function endOf(stream: Readable | undefined): Promise<void> {
  if (stream === undefined || stream.readableEnded || stream.destroyed) return Promise.resolve()
  return new Promise(resolve => {
    stream.once('end', resolve)
    stream.once('close', resolve)
  })
}

/** Translates a WebSocket client's port-forward to SPDY towards the runtime. Rejects when the runtime refuses, with the client unanswered. */
export async function relayPortForward(accept: AcceptOptions, url: URL, ports: readonly number[], signal: AbortSignal): Promise<void> {
  if (offeredProtocols(accept.request.headers).includes(tunnelProtocol)) return relayTunnel(accept, url, signal)
  const forwarder = await dialPortForwardSPDY({ url, clock: accept.clock, signal })
  const session = await acceptPortForward(accept, ports)
  if (session !== undefined) {
    session.signal.addEventListener('abort', () => void forwarder.close().catch(() => undefined), { once: true })
    const running: Promise<void>[] = []
    for await (const connection of session.connections) {
      const { data, error } = forwarder.open(connection.port)
      const joined = joinStreams(connection.data, data)
      const ending = Promise.all([error, joined]).then(([message]) => (message === '' ? connection.finish() : connection.fail(message)))
      running.push(ending)
    }
    await Promise.all(running)
  }
  await forwarder.close()
}

/** The tunnel's messages are the bytes that the runtime speaks: they are handed on unread. */
async function relayTunnel(accept: AcceptOptions, url: URL, signal: AbortSignal): Promise<void> {
  const { request, socket, head } = accept
  const headers = { Connection: 'Upgrade', Upgrade: spdyUpgrade, 'X-Stream-Protocol-Version': portForwardProtocol, 'Content-Length': '0' }
  const answer = await dialUpgrade({ url, method: 'POST', headers, signal })
  if (!answer.upgraded) throw await readRefusal(answer.response)
  const webSocket = await acceptWebSocket(request, socket, head, tunnelProtocol)
  if (webSocket === undefined) {
    answer.socket.destroy()
    return
  }
  const tunnel: Duplex = createWebSocketStream(webSocket)
  if (answer.head.length > 0) tunnel.write(answer.head)
  await joinStreams(tunnel, answer.socket)
}
