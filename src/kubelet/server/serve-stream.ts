import type { Logger } from '#base/log.ts'
import { acceptPortForward } from '#apimachinery/httpstream/portforward/server.ts'
import { sendRawError } from '#apimachinery/httpstream/raw-response.ts'
import { resultOfError } from '#apimachinery/httpstream/remotecommand/result.ts'
import { type AcceptOptions, acceptRemoteCommand } from '#apimachinery/httpstream/remotecommand/server.ts'
import type { RemoteCommandOptions, RemoteCommandResult } from '#apimachinery/httpstream/remotecommand/session.ts'
import { isSPDYRequest } from '#apimachinery/httpstream/spdy/upgrade.ts'
import { proxyUpgrade } from '#apimachinery/httpstream/upgrade-proxy.ts'
import { isWebSocketRequest } from '#apimachinery/httpstream/websocket/accept.ts'
import { HostError, type KubeletHost, type PortForwardTarget, type RemoteCommandTarget } from './host.ts'
import { relayPortForward, relayRemoteCommand } from './relay.ts'
import { containerOf, podOf, portsOf, remoteCommandOptionsOf } from './stream-request.ts'

export interface StreamServer {
  host: KubeletHost
  logger: Logger
}

/** Serves an upgrade request for exec, attach or portForward. Throws only while the client can still be answered over HTTP. */
export async function serveStream(
  { host, logger }: StreamServer,
  accept: AcceptOptions,
  parts: readonly string[],
  query: URLSearchParams,
): Promise<void> {
  const gone = new AbortController()
  accept.socket.once('close', () => gone.abort(new Error('client closed the connection')))
  if (accept.socket.destroyed) return
  const verb = parts[0]
  if (verb === 'portForward') {
    const pod = podOf(parts)
    if (pod === undefined) throw new HostError(404, '404 page not found')
    const ports = portsOf(query)
    return servePortForward(logger, accept, await host.portForward(pod, ports), ports, gone.signal)
  }
  const container = containerOf(parts)
  if (container === undefined || (verb !== 'exec' && verb !== 'attach')) throw new HostError(404, '404 page not found')
  const options = remoteCommandOptionsOf(query)
  const command = query.getAll('command')
  const target = await (verb === 'exec' ? host.exec(container, { ...options, command }) : host.attach(container, options))
  return serveRemoteCommand(accept, target, options, gone.signal)
}

async function serveRemoteCommand(
  accept: AcceptOptions,
  target: RemoteCommandTarget,
  options: RemoteCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  if ('url' in target) {
    const url = new URL(target.url)
    return isWebSocketRequest(accept.request.headers) ? relayRemoteCommand(accept, url, options, signal) : passOn(accept, url)
  }
  const session = await acceptRemoteCommand(accept, options)
  if (session === undefined) return
  let result: RemoteCommandResult
  try {
    result = await target.session(session)
  } catch (error) {
    result = resultOfError(error)
  }
  await session.finish(result)
}

async function servePortForward(
  logger: Logger,
  accept: AcceptOptions,
  target: PortForwardTarget,
  ports: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  if ('url' in target) {
    const url = new URL(target.url)
    return isWebSocketRequest(accept.request.headers) ? relayPortForward(accept, url, ports, signal) : passOn(accept, url)
  }
  const session = await acceptPortForward(accept, ports)
  if (session === undefined) return
  try {
    await target.session(session)
  } catch (error) {
    // The protocol has no place for a failure of the whole session; its end is all that the client sees.
    logger.warn('port-forward session failed', { error })
  }
  await session.close()
}

const credentials = new Set(['authorization'])

/** The runtime speaks what the client speaks: bytes go by unread. */
function passOn({ request, socket, head }: AcceptOptions, url: URL): Promise<void> {
  if (!isSPDYRequest(request.headers)) throw new HostError(400, 'Upgrade request required')
  const onDialError = (error: Error) => sendRawError(socket, 500, `error dialing backend: ${error.message}`)
  return proxyUpgrade({ request, socket, head, url, dropHeaders: credentials, onDialError })
}
