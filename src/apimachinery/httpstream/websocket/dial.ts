import type { IncomingMessage } from 'node:http'
import { type ClientOptions, WebSocket } from 'ws'
import { type DialOptions, readRefusal } from '../dial-upgrade.ts'

/**
 * Connects a WebSocket with one subprotocol to an http: or https: URL. It comes paused, so that no message passes before somebody
 * listens. Rejects with UpgradeRefusedError for any answer but 101.
 */
export function dialWebSocket({ url, headers, tls, signal }: DialOptions, protocol: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const address = new URL(url)
    address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const options = {
      ...tls,
      ALPNProtocols: ['http/1.1'],
      perMessageDeflate: false,
      headers: { ...headers, 'Sec-WebSocket-Protocol': protocol },
    }
    const socket = new WebSocket(address, options as object as ClientOptions)
    const onAbort = () => socket.terminate()
    signal.addEventListener('abort', onAbort, { once: true })
    // The library refuses names with a "/" (the tunnel's), so it never sees the subprotocol and the choice is checked here.
    socket.on('upgrade', (response: IncomingMessage) => {
      const chosen = response.headers['sec-websocket-protocol']
      delete response.headers['sec-websocket-protocol']
      if (chosen === protocol) return
      reject(new Error(`server chose subprotocol "${chosen ?? ''}", not "${protocol}"`))
      socket.terminate()
    })
    socket.on('unexpected-response', (_request, response) => {
      readRefusal(response).then(refusal => {
        reject(refusal)
        socket.terminate()
      }, reject)
    })
    socket.on('error', error => reject(signal.aborted ? signal.reason : error))
    socket.once('close', () => signal.removeEventListener('abort', onAbort))
    socket.once('open', () => {
      socket.pause()
      resolve(socket)
    })
  })
}
