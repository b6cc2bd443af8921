import { fstatSync } from 'node:fs'
import { Socket } from 'node:net'

/** A pipe whose other end somebody holds. Disposing it leaves the pipe alone from then on. */
export interface Lifeline extends Disposable {
  /** Resolves when nobody holds the other end any more: they closed it, or they are dead, however they died. */
  readonly ended: Promise<void>
}

/**
 * Follows a pipe or socket of this process to its end; what comes out of it is thrown away. Undefined when the descriptor is something
 * else, or not open: a terminal, a file or `/dev/null` end while their owner lives, or never.
 */
export function lifelineOn(descriptor: number): Lifeline | undefined {
  if (!isPipe(descriptor)) return undefined
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false })
  const ended = new Promise<void>(resolve => {
    // A pipe that breaks is one that has ended.
    pipe.on('error', () => undefined)
    pipe.on('close', () => resolve())
  })
  pipe.resume()
  return { ended, [Symbol.dispose]: () => void pipe.destroy() }
}

function isPipe(descriptor: number): boolean {
  try {
    const kind = fstatSync(descriptor)
    return kind.isFIFO() || kind.isSocket()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error
    return false
  }
}
