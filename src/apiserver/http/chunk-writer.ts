import type { Writable } from 'node:stream'
import type { ChunkedBody } from '../request/api-response.ts'

const buffersMax = 2

/** Buffers for a big answer, used over and over: fresh ones for every piece would cost more than the copying. */
class ChunkBuffers {
  readonly #free: Buffer[] = []
  #busyCount = 0
  #wake: (() => void) | undefined

  /** Resolves when `take` may be called. */
  async ready(): Promise<void> {
    while (this.#busyCount >= buffersMax) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  /** A buffer of at least that many bytes, with anything in it. */
  take(bytes: number): Buffer {
    this.#busyCount++
    const buffer = this.#free.pop()
    return buffer !== undefined && buffer.length >= bytes ? buffer : Buffer.allocUnsafeSlow(bytes + (bytes >>> 3))
  }

  release(buffer: Buffer): void {
    this.#busyCount--
    this.#free.push(buffer)
    this.#wake?.()
  }
}

/**
 * Writes the pieces of an answer one after the other, never more than two that the other side has not taken yet, and lets other work run
 * in between. Ends early when the stream is closed.
 */
export async function writeChunks(writable: Writable, body: ChunkedBody): Promise<void> {
  const buffers = new ChunkBuffers()
  let taken: Buffer | undefined
  const pieces = body
    .chunks(bytes => {
      taken = buffers.take(bytes)
      return taken
    })
    [Symbol.iterator]()
  for (;;) {
    await buffers.ready()
    if (writable.destroyed) return
    taken = undefined
    const { value, done } = pieces.next()
    if (done === true) break
    const buffer = taken as Buffer | undefined
    writable.write(value, () => {
      if (buffer !== undefined) buffers.release(buffer)
    })
    await new Promise(resolve => setImmediate(resolve))
  }
  writable.end()
}
