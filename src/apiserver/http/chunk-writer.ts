import { once } from 'node:events'
import type { Writable } from 'node:stream'

/**
 * Writes pieces one after the other, never more than the other side takes, and lets other work run between two of them. Ends early when
 * the stream is closed.
 */
export async function writeChunks(writable: Writable, chunks: Iterable<Uint8Array>): Promise<void> {
  for (const chunk of chunks) {
    if (writable.destroyed) return
    if (writable.write(chunk)) await new Promise(resolve => setImmediate(resolve))
    else await drained(writable)
  }
  writable.end()
}

async function drained(writable: Writable): Promise<void> {
  const controller = new AbortController()
  const { signal } = controller
  try {
    await Promise.race([once(writable, 'drain', { signal }), once(writable, 'close', { signal })])
  } catch {
    // An error of the stream: it is destroyed now.
  } finally {
    controller.abort()
  }
}
