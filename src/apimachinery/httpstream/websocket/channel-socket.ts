import { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Clock, Timer } from '#base/clock.ts'

export interface ChannelSocketOptions {
  /** Messages are text: the channel as a digit, then base64 (the `base64.` protocols). */
  base64?: boolean
  /** The client's ends of single channels go over the wire (protocol version 5). A server announces none: clients do not know what to do with it. */
  closeFrames?: 'sent' | 'received'
  /**
   * A server's connection below. It ends behind the last frame, as upstream's does: clients (Python's) that look for bytes at the socket only
   * would not find frames which they have read from it already.
   */
  connection?: Duplex
  clock: Clock
}

/** In version 5 a message on this channel names a channel that ends. */
const closeChannel = 255
const messageBytesMax = 64 * 1024
const queuedBytesMax = 1024 * 1024
const bufferedBytesMax = 256 * 1024
const pausedPongMs = 15_000
const asciiZero = 0x30

/**
 * Several byte streams over one WebSocket, as the `channel.k8s.io` protocols frame them: the first byte of a message is its channel.
 * A channel that nobody reads holds up the others. The end of the socket ends every channel.
 */
export class ChannelSocket {
  readonly #socket: WebSocket
  readonly #options: ChannelSocketOptions
  readonly #channels = new Map<number, ChannelStream>()
  readonly #full = new Set<ChannelStream>()
  readonly #gone = new AbortController()
  #pausedPong: Timer | undefined

  constructor(socket: WebSocket, options: ChannelSocketOptions) {
    this.#socket = socket
    this.#options = options
    socket.binaryType = 'nodebuffer'
    socket.on('message', message => this.#receive(message as Buffer))
    socket.on('error', error => this.#end(error))
    socket.on('close', () => this.#end(new Error('peer closed the connection')))
    // Flows from the next turn on: who made this opens its channels before.
    socket.resume()
    if (socket.readyState === WebSocket.CLOSED) this.#end(new Error('peer closed the connection'))
  }

  /** Aborted when no more bytes can come or go. */
  get signal(): AbortSignal {
    return this.#gone.signal
  }

  /** Opens a channel; messages on a channel that is not open are dropped. */
  channel(number: number): Duplex {
    const stream = new ChannelStream({
      send: (bytes, callback) => this.#send(number, bytes, callback),
      sendEnd: () => {
        if (this.#options.closeFrames === 'sent') this.#send(closeChannel, Buffer.from([number]), () => {})
      },
      wantsData: () => {
        if (this.#full.delete(stream)) this.#updateFlow()
      },
    })
    this.#channels.set(number, stream)
    if (this.#gone.signal.aborted) stream.receiveEnd()
    return stream
  }

  /** Sends one message, even an empty one. */
  notify(channel: number): void {
    this.#send(channel, Buffer.alloc(0), () => {})
  }

  /** Closes after everything written so far. Resolves when the socket is gone; a peer that does not answer is cut off. Idempotent. */
  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    this.#full.clear()
    this.#updateFlow()
    const closed = new Promise<void>(resolve => this.#socket.once('close', () => resolve()))
    this.#socket.close(1000)
    this.#options.connection?.end()
    await closed
  }

  #receive(message: Buffer): void {
    if (message.length === 0) return
    const number = this.#options.base64 ? message[0]! - asciiZero : message[0]!
    if (number === closeChannel && this.#options.closeFrames === 'received') {
      const ended = message[1]
      if (ended !== undefined) this.#channels.get(ended)?.receiveEnd()
      return
    }
    const content = message.subarray(1)
    const bytes = this.#options.base64 ? Buffer.from(content.toString('latin1'), 'base64') : content
    const stream = this.#channels.get(number)
    if (bytes.length === 0 || stream === undefined || stream.receiveData(bytes)) return
    this.#full.add(stream)
    this.#updateFlow()
  }

  #send(channel: number, bytes: Buffer, callback: () => void): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return callback()
    for (let offset = 0; offset === 0 || offset < bytes.length; offset += messageBytesMax) {
      const isLast = offset + messageBytesMax >= bytes.length
      const message = this.#encode(channel, bytes.subarray(offset, offset + messageBytesMax))
      const wait = isLast && this.#socket.bufferedAmount > queuedBytesMax
      this.#socket.send(message, wait ? () => callback() : () => {})
      if (isLast && !wait) callback()
    }
  }

  #encode(channel: number, bytes: Buffer): Buffer | string {
    if (this.#options.base64) return String.fromCharCode(asciiZero + channel) + bytes.toString('base64')
    const message = Buffer.allocUnsafe(bytes.length + 1)
    message[0] = channel
    bytes.copy(message, 1)
    return message
  }

  #updateFlow(): void {
    const stopped = this.#full.size > 0
    if (stopped === this.#socket.isPaused || this.#gone.signal.aborted) return
    if (stopped) {
      this.#socket.pause()
      this.#keepAlive()
    } else {
      this.#pausedPong?.cancel()
      this.#socket.resume()
    }
  }

  /** While we do not read we cannot see pings; kubectl gives up when a minute passes without a pong. */
  #keepAlive(): void {
    this.#pausedPong = this.#options.clock.after(pausedPongMs, () => {
      if (this.#socket.readyState !== WebSocket.OPEN) return
      this.#socket.pong('', undefined, () => {})
      this.#keepAlive()
    })
  }

  #end(reason: Error): void {
    if (this.#gone.signal.aborted) return
    this.#gone.abort(reason)
    this.#pausedPong?.cancel()
    for (const stream of this.#channels.values()) stream.receiveEnd()
  }
}

interface ChannelCarrier {
  send(bytes: Buffer, callback: () => void): void
  sendEnd(): void
  wantsData(): void
}

class ChannelStream extends Duplex {
  readonly #carrier: ChannelCarrier
  #receivedEnd = false

  constructor(carrier: ChannelCarrier) {
    super({ allowHalfOpen: true, readableHighWaterMark: bufferedBytesMax, writableHighWaterMark: bufferedBytesMax })
    this.#carrier = carrier
  }

  receiveData(bytes: Buffer): boolean {
    return this.#receivedEnd || this.destroyed || this.push(bytes)
  }

  receiveEnd(): void {
    if (this.#receivedEnd || this.destroyed) return
    this.#receivedEnd = true
    this.push(null)
  }

  override _read(): void {
    this.#carrier.wantsData()
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#carrier.send(chunk, callback)
  }

  override _final(callback: () => void): void {
    this.#carrier.sendEnd()
    callback()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#carrier.wantsData()
    callback(error)
  }
}
