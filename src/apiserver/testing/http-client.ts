import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type ClientHttp2Session, connect } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'

export interface TestAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  json(): any
}

export interface TestRequest {
  headers?: Record<string, string>
  body?: string | Buffer
}

/** Sends requests over one HTTP/2 connection. */
export class TestH2Client implements AsyncDisposable {
  readonly session: ClientHttp2Session

  constructor(port: number) {
    this.session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
    this.session.on('error', () => {})
  }

  async send(method: string, path: string, { headers, body }: TestRequest = {}): Promise<TestAnswer> {
    const stream = this.session.request({ ':method': method, ':path': path, ...headers }, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    const [answer] = (await once(stream, 'response')) as [Record<string, string>]
    const content = await text(stream)
    return { status: Number(answer[':status']), headers: answer, text: content, json: () => JSON.parse(content) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.session.destroyed) return
    this.session.destroy()
    await once(this.session, 'close')
  }
}

/** Sends one request over HTTP/1.1. */
export async function sendH1(port: number, method: string, path: string, { headers, body }: TestRequest = {}): Promise<TestAnswer> {
  const request = httpsRequest({ host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false, agent: false })
  request.end(body)
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  const content = await text(answer)
  return { status: answer.statusCode!, headers: answer.headers, text: content, json: () => JSON.parse(content) }
}
