import type { Duplex } from 'node:stream'
import { sendRawResponse } from '#apimachinery/httpstream/raw-response.ts'
import { proxyUpgrade as carryUpgrade, type UpgradeRequest } from '#apimachinery/httpstream/upgrade-proxy.ts'
import { offeredProtocols } from '#apimachinery/httpstream/websocket/accept.ts'
import { newInternalError, type Status } from '#apimachinery/status/status.ts'
import { credentialHeaders, type StreamTarget, urlOf } from './target.ts'

export interface ProxyUpgradeOptions {
  /** The client's upgrade request with its socket, as the server's `upgrade` event gives them. */
  request: UpgradeRequest
  socket: Duplex
  head: Buffer
  target: StreamTarget
}

/** Browsers cannot set headers: their token comes as one of the subprotocols. It is for us alone. */
const bearerProtocolPrefix = 'base64url.bearer.authorization.k8s.io.'

/**
 * Hands exec, attach, port-forward or any other upgrade on to a kubelet and carries the bytes both ways unread, SPDY and WebSocket
 * alike. What the kubelet answers instead of 101 reaches the client unchanged; no answer at all becomes a Status. Resolves when both
 * connections are closed; never rejects.
 */
export function proxyUpgrade({ request, socket, head, target }: ProxyUpgradeOptions): Promise<void> {
  const protocols = offeredProtocols(request.headers).filter(protocol => !protocol.startsWith(bearerProtocolPrefix))
  return carryUpgrade({
    request,
    socket,
    head,
    url: urlOf(target),
    ...(target.tls === undefined ? {} : { tls: target.tls }),
    ...(target.connect === undefined ? {} : { connect: target.connect }),
    dropHeaders: credentialHeaders,
    setHeaders: protocols.length === 0 ? {} : { 'sec-websocket-protocol': protocols.join(', ') },
    onDialError: error => sendRawStatus(socket, newInternalError(`error dialing backend: ${error.message}`, error).status),
  })
}

/** Answers an upgrade request with a Status. */
export function sendRawStatus(socket: Duplex, status: Status): void {
  sendRawResponse(socket, status.code ?? 500, { 'Content-Type': 'application/json' }, JSON.stringify(status))
}
