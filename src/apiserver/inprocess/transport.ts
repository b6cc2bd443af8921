import { type Status, StatusError } from '#apimachinery/status/status.ts'
import { currentCause } from '#client/cause.ts'
import { ConnectionLostError, type Transport, type TransportRequest, type TransportResponse, type WatchFrame } from '#client/transport.ts'
import type { UserInfo } from '../registry/resource.ts'
import type { APIRequest } from '../request/api-request.ts'
import type { APIResponse } from '../request/api-response.ts'
import type { APIServer } from '../server.ts'
import { QueueReceiver } from './queue-receiver.ts'

type InProcessServer = Pick<APIServer, 'handle' | 'inProcess'>

/**
 * Reaches an API server in the same process, as a given user: the same pipeline from authorization on, the same answers and errors, but
 * nothing is turned into bytes. Objects in answers are those of the server: never change them.
 */
export class InProcessTransport implements Transport {
  readonly #server: InProcessServer
  readonly #user: UserInfo
  readonly #headers: APIRequest['headers']

  constructor(server: InProcessServer, user: UserInfo, userAgent: string) {
    this.#server = server
    this.#user = user
    this.#headers = { 'user-agent': userAgent }
  }

  async request(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse> {
    signal.throwIfAborted()
    const { inProcess } = this.#server
    let response: APIResponse
    inProcess.underWay++
    try {
      response = await this.#server.handle(this.#apiRequest(request, signal))
    } finally {
      inProcess.underWay--
    }
    signal.throwIfAborted()
    const { status, body, warnings } = response
    if (body.type === 'lost') throw new ConnectionLostError()
    if (body.type === 'taken' || body.type === 'watch') throw new Error(`cannot answer "${request.path}" in process`)
    if (status >= 400) throw toError(response)
    return { status, body: body.value(), warnings: [...(warnings ?? [])] }
  }

  async *watch(request: TransportRequest, signal: AbortSignal): AsyncGenerator<readonly WatchFrame[], void, undefined> {
    signal.throwIfAborted()
    const response = await this.#server.handle(this.#apiRequest(request, signal))
    signal.throwIfAborted()
    if (response.body.type === 'lost') throw new ConnectionLostError()
    if (response.body.type !== 'watch') throw toError(response)
    const receiver = new QueueReceiver(response.body.form)
    const watch = response.body.start(receiver)
    receiver.onRoom = () => watch.resume()
    const onAbort = () => {
      receiver.fail(signal.reason)
      watch.end()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      for await (const frames of receiver.frames()) {
        signal.throwIfAborted()
        yield frames
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      watch.end()
    }
  }

  #apiRequest({ method, path, body, contentType, accept }: TransportRequest, signal: AbortSignal): APIRequest {
    const question = path.indexOf('?')
    return {
      method,
      path: question < 0 ? path : path.slice(0, question),
      query: question < 0 ? '' : path.slice(question + 1),
      headers: contentType === undefined && accept === undefined ? this.#headers : this.#headersWith(contentType, accept),
      user: this.#user,
      cause: method === 'GET' ? undefined : currentCause(),
      value: body,
      peerCertificate,
      readBody,
      signal,
    }
  }

  #headersWith(contentType: string | undefined, accept: string | undefined): APIRequest['headers'] {
    return { ...this.#headers, ...(contentType !== undefined && { 'content-type': contentType }), ...(accept !== undefined && { accept }) }
  }
}

const noBody = Buffer.alloc(0)
const readBody = async () => noBody
const peerCertificate = () => undefined

function toError({ status, body }: APIResponse): Error {
  const value = body.type === 'value' ? body.value() : undefined
  if (typeof value === 'object' && value !== null && (value as Status).kind === 'Status') return new StatusError(value as Status)
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: status, message: String(value) })
}
