import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { APIRequest, TakenConnection } from '../request/api-request.ts'
import type { APIResponse } from '../request/api-response.ts'
import { readBody } from './body-reader.ts'
import { writeChunks } from './chunk-writer.ts'
import { acceptsGzip, compress, gzipStream, isWorthGzip } from './gzip.ts'
import { peerCertificateOf } from './peer-certificate.ts'
import { headersOf } from './response-headers.ts'
import { pipeWatch } from './writable-receiver.ts'

export interface UpgradeParts {
  socket: Duplex
  head: Buffer
}

/** One request over HTTP/1.1, possibly with the wish to upgrade the connection. */
export class H1Exchange implements APIRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: IncomingMessage['headers']
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #upgrade: UpgradeParts | undefined
  #body: Promise<Buffer> | undefined
  #abort: AbortController | undefined
  /** What the socket had sent when a subresource took it over. */
  #bytesWrittenBefore: number | undefined

  constructor(request: IncomingMessage, response: ServerResponse, upgrade?: UpgradeParts) {
    this.#request = request
    this.#response = response
    this.#upgrade = upgrade
    this.headers = request.headers
    this.method = request.method ?? 'GET'
    const target = request.url ?? '/'
    const question = target.indexOf('?')
    this.path = question < 0 ? target : target.slice(0, question)
    this.query = question < 0 ? '' : target.slice(question + 1)
  }

  peerCertificate(): Buffer | undefined {
    return peerCertificateOf(this.#request.socket)
  }

  readBody(): Promise<Buffer> {
    this.#body ??= readBody(this.#request, this.headers['content-length'])
    return this.#body
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const controller = new AbortController()
      this.#abort = controller
      const source = this.#upgrade?.socket ?? this.#response
      if (source.destroyed) controller.abort(new Error('the client has gone'))
      else source.once('close', () => controller.abort(new Error('the client has gone')))
    }
    return this.#abort.signal
  }

  takeConnection(): TakenConnection {
    if (this.#upgrade === undefined) return { request: this.#request, response: this.#response }
    this.#bytesWrittenBefore = bytesWritten(this.#upgrade.socket)
    return { request: this.#request, response: this.#response, upgrade: this.#upgrade }
  }

  /** Ends an answer that cannot be completed. */
  destroy(): void {
    if (!this.#response.writableFinished) this.#response.destroy()
    this.#upgrade?.socket.destroy()
  }

  async send(response: APIResponse): Promise<void> {
    const { body } = response
    if (body.type === 'taken') return body.done
    if (body.type === 'lost') return this.destroy()
    const out = this.#response
    if (this.#upgrade !== undefined && out.socket === null) {
      const socket = this.#upgrade.socket
      const hasAnswered = this.#bytesWrittenBefore !== undefined && this.#bytesWrittenBefore !== bytesWritten(socket)
      if (socket.destroyed || hasAnswered) return void socket.destroy()
      out.assignSocket(socket as never)
      out.shouldKeepAlive = false
      out.once('finish', () => socket.end())
    }
    if (out.destroyed) return
    if (out.headersSent) return this.destroy()
    const headers = headersOf(response)
    if (response.status === 413) headers['connection'] = 'close'
    switch (body.type) {
      case 'value': {
        let bytes = body.bytes()
        if (isWorthGzip(bytes) && acceptsGzip(this.headers['accept-encoding'])) {
          bytes = await compress(bytes)
          headers['content-encoding'] = 'gzip'
        }
        out.writeHead(response.status, { ...headers, 'content-length': bytes.length })
        if (this.method === 'HEAD') out.end()
        else out.end(bytes)
        return
      }
      case 'chunked':
        if (acceptsGzip(this.headers['accept-encoding'])) {
          out.writeHead(response.status, { ...headers, 'content-encoding': 'gzip' })
          const gzip = gzipStream()
          out.once('close', () => gzip.destroy())
          gzip.pipe(out)
          return writeChunks(gzip, body)
        }
        out.writeHead(response.status, headers)
        return writeChunks(out, body)
      case 'watch':
        out.writeHead(response.status, headers)
        out.flushHeaders()
        pipeWatch(body, out)
        return
    }
  }
}

function bytesWritten(socket: Duplex & { bytesWritten?: number }): number {
  return socket.bytesWritten ?? 0
}
