import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type DialOptions, dialUpgrade, readRefusal } from '../dial-upgrade.ts'
import { rawHead, sendRawError } from '../raw-response.ts'
import { SPDYConnection, type SPDYConnectionOptions } from './connection.ts'

export const spdyUpgrade = 'SPDY/3.1'
const keepAliveMs = 30_000
const protocolHeader = 'X-Stream-Protocol-Version'

/** Whether a request asks to go on in SPDY/3.1. */
export function isSPDYRequest(headers: IncomingHttpHeaders): boolean {
  return tokens(headers.connection).includes('upgrade') && tokens(headers.upgrade).includes(spdyUpgrade.toLowerCase())
}

function tokens(value: string | undefined): string[] {
  return commaSeparated(value).map(token => token.toLowerCase())
}

/** The parts of a header that lists values. */
export function commaSeparated(value: string | string[] | undefined): string[] {
  return [value ?? []]
    .flat()
    .flatMap(part => part.split(','))
    .map(part => part.trim())
    .filter(part => part !== '')
}

/**
 * Chooses the first protocol of the client that is supported; '' when the client names none (then the oldest is meant).
 * Undefined after it has refused the request with 403, as upstream's httpstream.Handshake does.
 */
export function negotiateStreamProtocol(request: IncomingMessage, socket: Duplex, supported: readonly string[]): string | undefined {
  const wanted = commaSeparated(request.headers[protocolHeader.toLowerCase()])
  if (wanted.length === 0) return ''
  const chosen = wanted.find(protocol => supported.includes(protocol))
  if (chosen !== undefined) return chosen
  const message = `unable to negotiate protocol: client supports [${wanted.join(' ')}], server accepts [${supported.join(' ')}]`
  sendRawError(socket, 403, message, { 'X-Accepted-Stream-Protocol-Versions': supported.join(', ') })
  return undefined
}

/** Answers 101 and takes the socket over as SPDY server. */
export function acceptSPDY(socket: Duplex, head: Buffer, protocol: string, options: Omit<SPDYConnectionOptions, 'role'>): SPDYConnection {
  if (socket instanceof Socket) socket.setKeepAlive(true, keepAliveMs)
  const chosen = protocol === '' ? [] : [protocolHeader, protocol]
  socket.write(rawHead(101, ['Connection', 'Upgrade', 'Upgrade', spdyUpgrade, ...chosen]))
  return new SPDYConnection(socket, head, { ...options, role: 'server' })
}

/** Connects as SPDY client. Rejects with UpgradeRefusedError when the server answers anything but 101. */
export async function dialSPDY(
  dial: DialOptions,
  protocols: readonly string[],
  options: Omit<SPDYConnectionOptions, 'role'>,
): Promise<{ connection: SPDYConnection; protocol: string }> {
  const headers = { ...dial.headers, Connection: 'Upgrade', Upgrade: spdyUpgrade, [protocolHeader]: [...protocols] }
  const answer = await dialUpgrade({ method: 'POST', ...dial, headers: { 'Content-Length': '0', ...headers } })
  if (!answer.upgraded) throw await readRefusal(answer.response)
  const connection = new SPDYConnection(answer.socket, answer.head, { ...options, role: 'client' })
  const protocol = answer.response.headers[protocolHeader.toLowerCase()]
  return { connection, protocol: typeof protocol === 'string' ? protocol : '' }
}
