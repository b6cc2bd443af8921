import type { ServerHttp2Stream } from 'node:http2'
import type { Readable } from 'node:stream'
import { newBadRequest, newRequestEntityTooLarge } from '#apimachinery/status/status.ts'

/** The most that a request may hold; upstream's limit. */
export const bodyBytesMax = 3 * 1024 * 1024

/**
 * Reads a request's body.
 * @throws StatusError RequestEntityTooLarge; BadRequest when the client goes away in the middle
 */
export function readBody(stream: Readable, contentLength: string | string[] | undefined): Promise<Buffer> {
  if (Number(contentLength) > bodyBytesMax) {
    stream.resume()
    return Promise.reject(newTooLarge())
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bodyBytesMax) {
        chunks.length = 0
        reject(newTooLarge())
      } else {
        chunks.push(chunk)
      }
    })
    let hasEnded = false
    stream.on('end', () => {
      hasEnded = true
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    })
    const onBroken = () => {
      if (!hasEnded) reject(newBroken())
    }
    stream.on('error', onBroken)
    stream.on('close', onBroken)
  })
}

/**
 * As `readBody`, for an HTTP/2 stream. A body of a declared length is not read quite to its end: node destroys a stream that was read
 * to its end before it hears that the answer is written, and then makes an Error for nobody, which costs as much as a small request.
 * The last byte is let go when the answer is written.
 */
export function readStreamBody(stream: ServerHttp2Stream, contentLength: string | string[] | undefined): Promise<Buffer> {
  const length = Number(contentLength)
  if (!(length > 0 && length <= bodyBytesMax)) return readBody(stream, contentLength)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const onData = (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes < length) return
      stream.off('data', onData)
      stream.pause()
      stream.unshift(chunk.subarray(chunk.length - 1))
      stream.once('finish', resumeStream)
      resolve(chunks.length === 1 ? chunk : Buffer.concat(chunks))
    }
    stream.on('data', onData)
    stream.once('close', () => {
      if (bytes < length) reject(newBroken())
    })
  })
}

function resumeStream(this: ServerHttp2Stream): void {
  this.resume()
}

function newBroken(): Error {
  return newBadRequest('the request ended before its body was complete')
}

function newTooLarge(): Error {
  return newRequestEntityTooLarge(`limit is ${bodyBytesMax}`)
}
