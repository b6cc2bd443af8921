import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import {
  controlFrameBytesMax,
  dataFrameBytesMax,
  dataFrameHead,
  decodeFrameHead,
  decodeStreamID,
  flagFin,
  frameHeadBytes,
  frameType,
  goAwayFrame,
  pingFrame,
  resetStatus,
  rstStreamFrame,
  synReplyFrame,
  synStreamFrame,
} from './frames.ts'
import { HeaderDecoder, HeaderEncoder, type SPDYHeaders } from './headers.ts'
import { type StreamCarrier, SPDYStream } from './stream.ts'

export interface SPDYConnectionOptions {
  role: 'server' | 'client'
  clock: Clock
  /** Takes a stream that the peer opened: `accept()` it or destroy it. Without this, streams of the peer are refused. */
  onStream?: (stream: SPDYStream) => void
}

const streamsMax = 4096
const lingerMs = 5_000
const nothing = Buffer.alloc(0)

/**
 * SPDY/3.1 over an upgraded socket, as Kubernetes' peers speak it: flow-control windows are neither sent nor heeded (the Go peers
 * do not), so a stream that nobody reads holds up the connection through TCP. The end of the socket ends every stream.
 */
export class SPDYConnection implements StreamCarrier {
  readonly #socket: Duplex
  readonly #options: SPDYConnectionOptions
  readonly #gone = new AbortController()
  readonly #encoder = new HeaderEncoder()
  readonly #decoder = new HeaderDecoder()
  readonly #streams = new Map<number, SPDYStream>()
  readonly #full = new Set<SPDYStream>()
  #waitingForDrain: (() => void)[] = []
  #input: Buffer = nothing
  #data: { stream: SPDYStream | undefined; remaining: number; fin: boolean } | undefined
  #decoding = false
  #inputEnded = false
  #closing = false
  #peerIsLeaving = false
  #nextStreamID: number
  #lastPeerStreamID = 0

  /** @param head bytes that came with the upgrade */
  constructor(socket: Duplex, head: Buffer, options: SPDYConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#nextStreamID = options.role === 'client' ? 1 : 2
    socket.on('drain', () => this.#releaseWriters())
    socket.on('error', error => this.#end(error))
    socket.on('end', () => {
      this.#inputEnded = true
      this.#parse()
    })
    socket.on('close', () => this.#end(new Error('connection closed')))
    if (head.length > 0) socket.unshift(head)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
  }

  /** Aborted when no more bytes can come or go. */
  get signal(): AbortSignal {
    return this.#gone.signal
  }

  /** Opens a stream. Throws when the connection is gone or the peer asked for no more streams. */
  createStream(headers: SPDYHeaders): SPDYStream {
    if (this.#gone.signal.aborted || this.#closing) throw new Error('cannot open a stream: connection closed')
    if (this.#peerIsLeaving) throw new Error('cannot open a stream: peer is going away')
    const stream = new SPDYStream(this, this.#nextStreamID, headers)
    this.#nextStreamID += 2
    this.#streams.set(stream.id, stream)
    this.#socket.write(synStreamFrame(stream.id, 0, this.#encoder.encode(headers)))
    return stream
  }

  /** Ends the connection after everything written so far, and lets the peer close first. Resolves when the socket is gone. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closing && !this.#gone.signal.aborted) {
      this.#closing = true
      this.#updateFlow()
      this.#socket.write(goAwayFrame(this.#lastPeerStreamID, 0))
      this.#socket.end()
    }
    if (this.#socket.closed) return
    const timer = this.#options.clock.after(lingerMs, () => this.#socket.destroy())
    await new Promise<void>(resolve => this.#socket.once('close', () => resolve()))
    timer.cancel()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  sendData(stream: SPDYStream, bytes: Buffer, callback: () => void): void {
    if (!this.#canSend(stream)) return callback()
    this.#socket.cork()
    let more = true
    for (let offset = 0; offset < bytes.length; offset += dataFrameBytesMax) {
      const part = bytes.subarray(offset, offset + dataFrameBytesMax)
      this.#socket.write(dataFrameHead(stream.id, 0, part.length))
      more = this.#socket.write(part)
    }
    this.#socket.uncork()
    if (more || !this.#socket.writableNeedDrain) callback()
    else this.#waitingForDrain.push(callback)
  }

  sendEnd(stream: SPDYStream): void {
    if (this.#canSend(stream)) this.#socket.write(dataFrameHead(stream.id, flagFin, 0))
  }

  sendReply(stream: SPDYStream): void {
    if (this.#canSend(stream)) this.#socket.write(synReplyFrame(stream.id, this.#encoder.encode(new Map())))
  }

  sendReset(stream: SPDYStream): void {
    if (this.#canSend(stream)) this.#socket.write(rstStreamFrame(stream.id, resetStatus.cancel))
  }

  wantsData(stream: SPDYStream): void {
    if (this.#full.delete(stream)) this.#updateFlow()
  }

  forget(stream: SPDYStream): void {
    this.#streams.delete(stream.id)
    this.wantsData(stream)
  }

  #canSend(stream: SPDYStream): boolean {
    return this.#streams.has(stream.id) && this.#socket.writable
  }

  #releaseWriters(): void {
    const callbacks = this.#waitingForDrain
    this.#waitingForDrain = []
    for (const callback of callbacks) callback()
  }

  #end(reason: Error): void {
    if (this.#gone.signal.aborted) return
    this.#gone.abort(reason)
    this.#decoder.close()
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    this.#full.clear()
    for (const stream of streams) stream.receiveReset()
    this.#releaseWriters()
  }

  #fail(error: Error): void {
    if (this.#socket.writable) this.#socket.write(goAwayFrame(this.#lastPeerStreamID, 1))
    this.#end(error)
    this.#socket.end()
    const timer = this.#options.clock.after(lingerMs, () => this.#socket.destroy())
    this.#socket.once('close', () => timer.cancel())
  }

  #updateFlow(): void {
    const stopped = this.#decoding || (this.#full.size > 0 && !this.#closing)
    if (stopped && !this.#socket.isPaused()) this.#socket.pause()
    if (!stopped && this.#socket.isPaused()) this.#socket.resume()
  }

  #receive(chunk: Buffer): void {
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk])
    this.#parse()
  }

  #parse(): void {
    try {
      while (!this.#decoding && !this.#gone.signal.aborted && (this.#data === undefined ? this.#parseFrame() : this.#parseData()));
    } catch (error) {
      this.#fail(error as Error)
    }
    this.#updateFlow()
    // The end may be seen while a header block is still being decoded; frames behind that block count.
    if (this.#inputEnded && !this.#decoding) {
      this.#end(new Error('peer closed the connection'))
      this.#socket.end()
    }
  }

  #take(length: number): Buffer {
    const taken = this.#input.subarray(0, length)
    this.#input = this.#input.length === length ? nothing : this.#input.subarray(length)
    return taken
  }

  /** Hands on what is there of a DATA frame, whole or not. */
  #parseData(): boolean {
    const data = this.#data!
    if (data.remaining > 0) {
      if (this.#input.length === 0) return false
      const bytes = this.#take(Math.min(data.remaining, this.#input.length))
      data.remaining -= bytes.length
      if (!this.#closing && data.stream !== undefined && !data.stream.receiveData(bytes)) this.#full.add(data.stream)
    }
    if (data.remaining === 0) {
      this.#data = undefined
      if (data.fin) data.stream?.receiveEnd()
    }
    return true
  }

  #parseFrame(): boolean {
    if (this.#input.length < frameHeadBytes) return false
    const head = decodeFrameHead(this.#input)
    if (!head.control) {
      this.#take(frameHeadBytes)
      this.#data = { stream: this.#streams.get(head.streamID), remaining: head.length, fin: (head.flags & flagFin) !== 0 }
      return true
    }
    if (head.length > controlFrameBytesMax) throw new Error(`control frame of ${head.length} bytes is too long`)
    if (this.#input.length < frameHeadBytes + head.length) return false
    const payload = this.#take(frameHeadBytes + head.length).subarray(frameHeadBytes)
    this.#receiveControl(head.type, head.flags, payload)
    return true
  }

  #receiveControl(type: number, flags: number, payload: Buffer): void {
    const fin = (flags & flagFin) !== 0
    switch (type) {
      case frameType.synStream:
        return this.#decode(payload, 10, headers => this.#receiveStream(decodeStreamID(payload), fin, headers))
      case frameType.synReply:
      case frameType.headers:
        return this.#decode(payload, 4, () => {
          if (fin) this.#streams.get(decodeStreamID(payload))?.receiveEnd()
        })
      case frameType.rstStream: {
        if (payload.length < 8) throw new Error('RST_STREAM frame is cut short')
        const stream = this.#streams.get(decodeStreamID(payload))
        if (stream === undefined) return
        this.#streams.delete(stream.id)
        return stream.receiveReset()
      }
      case frameType.ping:
        if (payload.length !== 4) throw new Error('PING frame has a wrong length')
        if (this.#socket.writable) this.#socket.write(pingFrame(payload.readUInt32BE(0)))
        return
      case frameType.goAway:
        this.#peerIsLeaving = true
        return
      // SETTINGS, WINDOW_UPDATE and what later drafts add say nothing that we heed.
      default:
        return
    }
  }

  /** Decodes a header block; frames behind it wait, since all blocks share one zlib stream. */
  #decode(payload: Buffer, fixedBytes: number, then: (headers: SPDYHeaders) => void): void {
    if (payload.length < fixedBytes) throw new Error('control frame is cut short')
    this.#decoding = true
    const decoded = (headers: SPDYHeaders) => {
      this.#decoding = false
      if (this.#gone.signal.aborted) return
      then(headers)
      this.#parse()
    }
    this.#decoder
      .decode(payload.subarray(fixedBytes))
      .then(decoded)
      .catch(error => this.#fail(error as Error))
  }

  #receiveStream(id: number, fin: boolean, headers: SPDYHeaders): void {
    const parity = this.#options.role === 'server' ? 1 : 0
    if (id % 2 !== parity || id <= this.#lastPeerStreamID) throw new Error(`stream number ${id} is out of order`)
    this.#lastPeerStreamID = id
    const { onStream } = this.#options
    if (onStream === undefined || this.#closing || this.#streams.size >= streamsMax) {
      this.#socket.write(rstStreamFrame(id, resetStatus.refusedStream))
      return
    }
    const stream = new SPDYStream(this, id, headers)
    this.#streams.set(id, stream)
    if (fin) stream.receiveEnd()
    onStream(stream)
  }
}
