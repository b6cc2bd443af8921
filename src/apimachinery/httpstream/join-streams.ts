import type { Duplex } from 'node:stream'

/**
 * Carries bytes between two sockets in both directions, with back-pressure and half-close. When one side breaks, the other gets what
 * was already read and is then closed. Resolves when both are closed; never rejects.
 */
export async function joinStreams(one: Duplex, other: Duplex): Promise<void> {
  const closed = Promise.all([closeTogether(one, other), closeTogether(other, one)])
  one.pipe(other)
  other.pipe(one)
  await closed
}

/** Ends `other` once `stream` has closed. */
function closeTogether(stream: Duplex, other: Duplex): Promise<void> {
  return new Promise(resolve => {
    const onClose = () => {
      other.unpipe(stream)
      // Nobody is left to take what still comes; reading it away lets the other side see its end.
      other.resume()
      if (other.writableFinished) other.destroy()
      else other.end(() => other.destroy())
      resolve()
    }
    stream.on('error', () => stream.destroy())
    if (stream.closed) onClose()
    else stream.once('close', onClose)
  })
}
