import { Duplex } from 'node:stream'
import type { SPDYHeaders } from './headers.ts'

/** What a stream needs from the connection that carries it. */
export interface StreamCarrier {
  /** Queues bytes; calls back when more may follow. */
  sendData(stream: SPDYStream, bytes: Buffer, callback: () => void): void
  sendEnd(stream: SPDYStream): void
  sendReply(stream: SPDYStream): void
  sendReset(stream: SPDYStream): void
  /** The reader of this stream wants more. */
  wantsData(stream: SPDYStream): void
  forget(stream: SPDYStream): void
}

const bufferedBytesMax = 256 * 1024

/**
 * One stream of a SPDY connection: a Duplex whose halves end on their own. Emits `reset` once when the peer gave the stream up or the
 * connection is gone: what was received before can still be read and then ends, later writes are dropped. Destroying it resets it.
 */
export class SPDYStream extends Duplex {
  readonly id: number
  readonly headers: SPDYHeaders
  readonly #carrier: StreamCarrier
  #isReset = false
  #receivedEnd = false

  constructor(carrier: StreamCarrier, id: number, headers: SPDYHeaders) {
    super({ allowHalfOpen: true, readableHighWaterMark: bufferedBytesMax, writableHighWaterMark: bufferedBytesMax })
    this.#carrier = carrier
    this.id = id
    this.headers = headers
  }

  /** True once the peer (or the end of the connection) has given this stream up. */
  get isReset(): boolean {
    return this.#isReset
  }

  /** From now on a reset destroys the stream, after what was received has been read. */
  destroyOnReset(): void {
    const onReset = () => {
      if (this.readableEnded) this.destroy()
      else this.once('end', () => this.destroy())
    }
    if (this.#isReset) onReset()
    else this.once('reset', onReset)
  }

  /** Answers a stream that the peer opened; the peer may wait for this before it writes. */
  accept(): void {
    this.#carrier.sendReply(this)
  }

  /** For the connection: bytes from the peer. False asks it to pause. */
  receiveData(bytes: Buffer): boolean {
    if (this.#receivedEnd || this.destroyed) return true
    return this.push(bytes)
  }

  /** For the connection: the peer will send no more. */
  receiveEnd(): void {
    if (this.#receivedEnd || this.destroyed) return
    this.#receivedEnd = true
    this.push(null)
  }

  /** For the connection: the peer neither sends nor reads any more. */
  receiveReset(): void {
    if (this.#isReset) return
    this.#isReset = true
    this.receiveEnd()
    this.emit('reset')
  }

  override _read(): void {
    this.#carrier.wantsData(this)
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    if (this.#isReset) callback()
    else this.#carrier.sendData(this, chunk, callback)
  }

  override _final(callback: () => void): void {
    if (!this.#isReset) this.#carrier.sendEnd(this)
    callback()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#isReset && !(this.#receivedEnd && this.writableFinished)) this.#carrier.sendReset(this)
    this.#carrier.forget(this)
    callback(error)
  }
}
