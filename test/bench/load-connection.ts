import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import type { ClientConfig } from '#client/kubeconfig/load-kubeconfig.ts'
import {
  decodeStatus,
  defaultWindowBytes,
  encodeFrame,
  encodeHeaderBlock,
  encodeSettings,
  encodeWindowUpdate,
  frameBytesMax,
  frameFlag,
  frameHeaderBytes,
  frameType,
  setting,
  windowBytesMax,
} from './http2-frames.ts'

export interface LoadRequest {
  method: string
  path: string
  headers?: Record<string, string>
  /** At most 16 KB: one frame. */
  body?: Buffer
}

export interface Answer {
  status: number
  body: Buffer
}

interface Stream {
  status: number
  onData(chunk: Buffer): void
  onEnd(error?: Error): void
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const empty = Buffer.alloc(0)
/** Received bytes after which the server is told that it may send more. */
const replenishBytes = 2 ** 28

/**
 * One HTTP/2 connection that costs a load generator a fraction of `node:http2`, so that the server and not the generator is what gets
 * measured. Same bytes on the wire; not a general client.
 */
export class LoadConnection implements Disposable {
  readonly #socket: TLSSocket
  readonly #common: Record<string, string>
  readonly #streams = new Map<number, Stream>()
  #nextStreamID = 1
  #sendWindowBytes = defaultWindowBytes
  #receivedBytes = 0
  #rest: Buffer = empty

  private constructor(socket: TLSSocket, common: Record<string, string>) {
    this.#socket = socket
    this.#common = common
    socket.on('data', (chunk: Buffer) => this.#onChunk(chunk))
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  static async open(config: ClientConfig): Promise<LoadConnection> {
    const { host, hostname, port } = new URL(config.server)
    const { ca, cert, key } = config
    const socket = connect({
      host: hostname,
      port: Number(port),
      ALPNProtocols: ['h2'],
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
    })
    await once(socket, 'secureConnect')
    socket.setNoDelay(true)
    const connection = new LoadConnection(socket, { ':authority': host, accept: 'application/json', 'user-agent': 'coxswain-bench' })
    const settings = { [setting.headerTableSize]: 0, [setting.enablePush]: 0, [setting.initialWindowSize]: windowBytesMax }
    socket.write(Buffer.concat([preface, encodeSettings(settings), encodeWindowUpdate(0, windowBytesMax - defaultWindowBytes)]))
    return connection
  }

  /** Resolves with the whole answer, whatever its status. */
  request(request: LoadRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      const stream = this.#send(request, {
        onData: chunk => chunks.push(chunk),
        onEnd: error =>
          error === undefined
            ? resolve({ status: stream.status, body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) })
            : reject(error),
      })
    })
  }

  /** Sends a request whose answer does not end by itself: a watch. It ends with the connection. */
  follow(request: LoadRequest, onData: (chunk: Buffer) => void): void {
    this.#send(request, { onData, onEnd() {} })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #send({ method, path, headers, body = empty }: LoadRequest, handlers: Pick<Stream, 'onData' | 'onEnd'>): Stream {
    const id = this.#nextStreamID
    this.#nextStreamID += 2
    const stream: Stream = { status: 0, ...handlers }
    this.#streams.set(id, stream)
    const block = encodeHeaderBlock({
      ':method': method,
      ':path': path,
      ...this.#common,
      ...headers,
      ...(body.length > 0 && { 'content-length': String(body.length) }),
    })
    const end = body.length === 0 ? frameFlag.endStream : 0
    const head = encodeFrame(frameType.headers, frameFlag.endHeaders | end, id, block)
    this.#sendWindowBytes -= body.length
    assert.ok(body.length <= frameBytesMax && this.#sendWindowBytes >= 0, 'a connection has few and small bodies under way')
    this.#socket.write(body.length === 0 ? head : Buffer.concat([head, encodeFrame(frameType.data, frameFlag.endStream, id, body)]))
    return stream
  }

  #onChunk(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let offset = 0
    while (bytes.length - offset >= frameHeaderBytes) {
      const end = offset + frameHeaderBytes + bytes.readUIntBE(offset, 3)
      if (end > bytes.length) break
      this.#onFrame(bytes[offset + 3]!, bytes[offset + 4]!, bytes.readUInt32BE(offset + 5), bytes.subarray(offset + frameHeaderBytes, end))
      offset = end
    }
    this.#rest = bytes.subarray(offset)
  }

  #onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    switch (type) {
      case frameType.data: {
        this.#countReceived(payload.length)
        const stream = this.#streams.get(id)
        if (payload.length > 0) stream?.onData(payload)
        if (flags & frameFlag.endStream) this.#end(id)
        return
      }
      case frameType.headers: {
        assert.equal(flags & (frameFlag.padded | frameFlag.priority), 0, 'the server sends plain headers')
        const stream = this.#streams.get(id)
        if (stream !== undefined && stream.status === 0) stream.status = decodeStatus(payload)
        if (flags & frameFlag.endStream) this.#end(id)
        return
      }
      case frameType.rstStream:
        this.#end(id, new Error(`the server reset the stream with code ${payload.readUInt32BE()}`))
        return
      case frameType.settings:
        if ((flags & frameFlag.ack) === 0) this.#socket.write(encodeFrame(frameType.settings, frameFlag.ack, 0, empty))
        return
      case frameType.ping:
        if ((flags & frameFlag.ack) === 0) this.#socket.write(encodeFrame(frameType.ping, frameFlag.ack, 0, payload))
        return
      case frameType.windowUpdate:
        if (id === 0) this.#sendWindowBytes += payload.readUInt32BE()
        return
      case frameType.goAway:
        this.#fail(new Error(`the server ended the connection with code ${payload.readUInt32BE(4)}`))
    }
  }

  #countReceived(bytes: number): void {
    this.#receivedBytes += bytes
    if (this.#receivedBytes < replenishBytes) return
    this.#socket.write(encodeWindowUpdate(0, this.#receivedBytes))
    this.#receivedBytes = 0
  }

  #end(id: number, error?: Error): void {
    const stream = this.#streams.get(id)
    this.#streams.delete(id)
    stream?.onEnd(error)
  }

  #fail(error: Error): void {
    for (const id of [...this.#streams.keys()]) this.#end(id, error)
  }
}
