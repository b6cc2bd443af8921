import { request as requestHTTP } from 'node:http'
import { request as requestHTTPS } from 'node:https'
import { connect } from 'node:net'
import type { HealthAnswer, HealthCheck } from './grpc-health.ts'

export interface HTTPGet {
  isTLS: boolean
  host: string
  port: number
  path: string
  /** Names in lower case. */
  headers: Record<string, string>
}

/** How probes and hooks reach pods. Failures carry the operating system's `code`; `signal.reason` when aborted. */
export interface Dialer {
  /** The status code of the whole answer, at once where no network is between. Certificates are not checked, redirects not followed. */
  get(request: HTTPGet, signal: AbortSignal): Promise<number> | number
  /** Opens a TCP connection and gives it up again. */
  reach(address: { host: string; port: number }, signal: AbortSignal): Promise<void>
  /** As `checkGRPCHealth`. */
  health(check: HealthCheck, signal: AbortSignal): Promise<HealthAnswer>
}

/** The machine's network. */
export const machineDialer: Dialer = {
  get({ isTLS, headers, ...request }, signal) {
    return new Promise((resolve, reject) => {
      const options = {
        ...request,
        headers: onTheWire(headers),
        signal,
        agent: false as const,
        ...(isTLS && { rejectUnauthorized: false }),
      }
      const fail = (error: Error) => reject(signal.aborted ? signal.reason : error)
      const sent = (isTLS ? requestHTTPS : requestHTTP)(options, response => {
        response.on('end', () => resolve(response.statusCode ?? 0))
        response.on('error', fail)
        response.resume()
      })
      sent.on('error', fail)
      sent.end()
    })
  },

  reach({ host, port }, signal) {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, signal })
      socket.once('connect', () => {
        socket.destroy()
        resolve()
      })
      socket.once('error', error => reject(signal.aborted ? signal.reason : error))
    })
  },

  async health(check, signal) {
    // Few pods need it, and simulated nodes never do.
    const { checkGRPCHealth } = await import('./grpc-health-client.ts')
    return checkGRPCHealth(check, signal)
  },
}

/** Names as Go's client sends them: `X-Custom-Header`. */
function onTheWire(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.replace(/(?<=^|-)[a-z]/g, letter => letter.toUpperCase()), value])
  return Object.fromEntries(entries) as Record<string, string>
}
