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
      if (!hasEnded) reject(newBadRequest('the request ended before its body was complete'))
    }
    stream.on('error', onBroken)
    stream.on('close', onBroken)
  })
}

function newTooLarge(): Error {
  return newRequestEntityTooLarge(`limit is ${bodyBytesMax}`)
}
