import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { containerLogPath, portForwardPath, remoteCommandPath } from '../../src/apiserver/streams/kubelet-path.ts'
import { proxyStream } from '../../src/apiserver/streams/proxy-stream.ts'
import { proxyUpgrade, sendRawStatus } from '../../src/apiserver/streams/proxy-upgrade.ts'
import { newNotFound, StatusError } from '../../src/apimachinery/status/status.ts'
import type { KeyPair } from './certificates.ts'
import { pod } from './process-host.ts'

export interface MockServerOptions {
  ca: string
  server: KeyPair
  client: KeyPair
  kubelet: { host: string; port: number }
}

/** Just enough of an API server for kubectl to find one pod and stream with its kubelet. */
export class MockServer implements AsyncDisposable {
  readonly #options: MockServerOptions
  readonly #sockets = new Set<Socket>()
  readonly #server
  /** `<method> <Upgrade header> <subprotocols>` of each upgrade request. */
  readonly upgrades: string[] = []

  constructor(options: MockServerOptions) {
    this.#options = options
    this.#server = createSecureServer({ ...options.server, allowHTTP1: true })
    this.#server.on('request', (request, response) => void this.#serve(request, response).catch(() => response.destroy()))
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket, head).catch(() => socket.destroy())
    })
    this.#server.on('secureConnection', socket => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const url = new URL(request.url, 'https://x')
    const answer = (code: number, body: object) =>
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    try {
      if (url.pathname === '/api') return void answer(200, { kind: 'APIVersions', versions: ['v1'] })
      if (url.pathname === '/apis') return void answer(200, { kind: 'APIGroupList', apiVersion: 'v1', groups: [] })
      if (url.pathname === '/api/v1') return void answer(200, resources)
      if (url.pathname === '/api/v1/namespaces/default/pods/web') return void answer(200, pod)
      if (url.pathname === '/api/v1/namespaces/default/pods/web/log') return await this.#log(url.searchParams, response)
      throw newNotFound({ group: '', resource: 'pods' }, url.pathname.split('/').at(-1)!)
    } catch (error) {
      if (error instanceof StatusError && !response.headersSent) answer(error.code, error.status)
      else response.destroy()
    }
  }

  async #log(query: URLSearchParams, response: Http2ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined)
    const options = {
      follow: query.get('follow') === 'true',
      timestamps: query.get('timestamps') === 'true',
      tailLines: number('tailLines'),
    }
    const path = containerLogPath(podName, 'main', options)
    await proxyStream({ response, target: this.#target(path), resource: { group: '', resource: 'pods' }, name: 'web', signal: gone.signal })
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    this.upgrades.push(`${request.method} ${request.headers.upgrade} ${request.headers['sec-websocket-protocol'] ?? ''}`)
    const url = new URL(request.url!, 'https://x')
    const parts = url.pathname.split('/')
    const verb = parts[7]!
    const flag = (name: string) => url.searchParams.get(name) === 'true'
    const options = { stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr'), tty: flag('tty') }
    const name = { namespace: parts[4]!, name: parts[6]! }
    if (verb === 'portforward') return proxyUpgrade({ request, socket, head, target: this.#target(portForwardPath(name)) })
    if (verb !== 'exec' && verb !== 'attach') return sendRawStatus(socket, newNotFound({ group: '', resource: 'pods' }, verb).status)
    const command = url.searchParams.getAll('command')
    const path = remoteCommandPath(verb, name, 'main', { ...options, command })
    await proxyUpgrade({ request, socket, head, target: this.#target(path) })
  }

  #target(path: string) {
    const { ca, client, kubelet } = this.#options
    return { ...kubelet, path, tls: { ca, ...client } }
  }
}

const podName = { namespace: 'default', name: 'web' }

const verbs = ['create', 'get']
const resources = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: 'v1',
  resources: [
    { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', shortNames: ['po'], verbs: ['get', 'list'] },
    { name: 'pods/exec', singularName: '', namespaced: true, kind: 'PodExecOptions', verbs },
    { name: 'pods/attach', singularName: '', namespaced: true, kind: 'PodAttachOptions', verbs },
    { name: 'pods/portforward', singularName: '', namespaced: true, kind: 'PodPortForwardOptions', verbs },
    { name: 'pods/log', singularName: '', namespaced: true, kind: 'Pod', verbs: ['get'] },
  ],
}
