import { promisify } from 'node:util'
import { constants, createGzip, gzip, type Gzip } from 'node:zlib'

const gzipBuffer = promisify(gzip)
/** Smaller answers are not worth it; upstream's threshold. */
const gzipBytesMin = 128 * 1024
const options = { level: constants.Z_BEST_SPEED }

export function acceptsGzip(acceptEncoding: string | string[] | undefined): boolean {
  return typeof acceptEncoding === 'string' && acceptEncoding.split(',').some(item => item.trim() === 'gzip')
}

export function isWorthGzip(bytes: Uint8Array): boolean {
  return bytes.length > gzipBytesMin
}

/** Compresses off the main thread. */
export function compress(bytes: Uint8Array): Promise<Buffer> {
  return gzipBuffer(bytes, options)
}

export function gzipStream(): Gzip {
  return createGzip({ ...options, chunkSize: 256 * 1024 })
}
