import {
  constants,
  type Http2ServerRequest as CompatRequest,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { APIRequest, TakenConnection } from '../request/api-request.ts'
import type { APIResponse } from '../request/api-response.ts'
import { readStreamBody } from './body-reader.ts'
import { writeChunks } from './chunk-writer.ts'
import { acceptsGzip, compress, gzipStream, isWorthGzip } from './gzip.ts'
import { peerCertificateOf } from './peer-certificate.ts'
import { headersOf } from './response-headers.ts'
import { pipeWatch } from './writable-receiver.ts'

const noBody = Buffer.alloc(0)

/** One request over HTTP/2, on the stream API. */
export class H2Exchange implements APIRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: IncomingHttpHeaders
  readonly #stream: ServerHttp2Stream
  readonly #rawHeaders: string[]
  #body: Promise<Buffer> | undefined
  #abort: AbortController | undefined

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[]) {
    this.#stream = stream
    this.headers = headers
    this.#rawHeaders = rawHeaders
    this.method = (headers[':method'] as string | undefined) ?? 'GET'
    const target = (headers[':path'] as string | undefined) ?? '/'
    const question = target.indexOf('?')
    this.path = question < 0 ? target : target.slice(0, question)
    this.query = question < 0 ? '' : target.slice(question + 1)
  }

  peerCertificate(): Buffer | undefined {
    const { session } = this.#stream
    return session === undefined ? undefined : peerCertificateOf(session.socket)
  }

  readBody(): Promise<Buffer> {
    this.#body ??= this.#stream.endAfterHeaders ? Promise.resolve(noBody) : readStreamBody(this.#stream, this.headers['content-length'])
    return this.#body
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const controller = new AbortController()
      this.#abort = controller
      if (this.#stream.closed) controller.abort(new Error('the client has gone'))
      else this.#stream.once('close', () => controller.abort(new Error('the client has gone')))
    }
    return this.#abort.signal
  }

  takeConnection(): TakenConnection {
    const request = new Http2ServerRequest(this.#stream, this.headers, {}, this.#rawHeaders as never) as CompatRequest
    const response = new Http2ServerResponse(this.#stream)
    return { request, response }
  }

  /** Sends the answer; nothing, when one was begun already. */
  async send(response: APIResponse): Promise<void> {
    const stream = this.#stream
    const { body } = response
    if (body.type === 'taken') return body.done
    if (body.type === 'lost') return this.destroy()
    if (stream.destroyed) return
    if (stream.headersSent) return this.destroy()
    const headers: Record<string, string | string[] | number> = headersOf(response)
    headers[':status'] = response.status
    switch (body.type) {
      case 'value': {
        let bytes = body.bytes()
        if (isWorthGzip(bytes) && acceptsGzip(this.headers['accept-encoding'])) {
          bytes = await compress(bytes)
          headers['content-encoding'] = 'gzip'
          if (stream.destroyed) return
        }
        headers['content-length'] = bytes.length
        if (this.method === 'HEAD') {
          stream.respond(headers, { endStream: true })
          return
        }
        stream.respond(headers)
        stream.end(bytes)
        this.#discardBody(response.status)
        return
      }
      case 'chunked':
        if (acceptsGzip(this.headers['accept-encoding'])) {
          headers['content-encoding'] = 'gzip'
          stream.respond(headers)
          const gzip = gzipStream()
          stream.once('close', () => gzip.destroy())
          gzip.pipe(stream)
          return writeChunks(gzip, body)
        }
        stream.respond(headers)
        return writeChunks(stream, body)
      case 'watch':
        stream.respond(headers)
        pipeWatch(body, stream)
        return
    }
  }

  /** Ends an answer that cannot be completed. */
  destroy(): void {
    if (!this.#stream.destroyed && !this.#stream.writableFinished) this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }

  /** A body that was refused is not read to its end. */
  #discardBody(status: number): void {
    if (status === 413) this.#stream.close(constants.NGHTTP2_NO_ERROR)
    else if (this.#body === undefined && !this.#stream.endAfterHeaders) this.#stream.resume()
  }
}
