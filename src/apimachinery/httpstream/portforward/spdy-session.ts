import { AsyncQueue } from '#base/async-queue.ts'
import type { Clock, Timer } from '#base/clock.ts'
import type { SPDYConnection } from '../spdy/connection.ts'
import type { SPDYStream } from '../spdy/stream.ts'
import { header, portMax } from './protocols.ts'
import type { PortForwardConnection, PortForwardSession } from './session.ts'

const pairTimeoutMs = 30_000

/** A session on a SPDY connection: the client opens an error and a data stream for each connection, tied by their request ID. */
export class SPDYPortForwardSession implements PortForwardSession {
  readonly connections = new AsyncQueue<PortForwardConnection>()
  readonly #clock: Clock
  readonly #connection: SPDYConnection
  readonly #waiting = new Map<string, { stream: SPDYStream; timer: Timer }>()

  /** @param open makes the connection, given what takes its streams */
  constructor(clock: Clock, open: (onStream: (stream: SPDYStream) => void) => SPDYConnection) {
    this.#clock = clock
    this.#connection = open(stream => this.#receive(stream))
    this.#connection.signal.addEventListener('abort', () => this.#end(), { once: true })
    if (this.#connection.signal.aborted) this.#end()
  }

  get signal(): AbortSignal {
    return this.#connection.signal
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #receive(stream: SPDYStream): void {
    const port = portOf(stream)
    const type = stream.headers.get(header.streamType)
    if (port === undefined || (type !== 'error' && type !== 'data')) {
      stream.destroy()
      return
    }
    stream.accept()
    const requestID = requestIDOf(stream, type)
    const waiting = this.#waiting.get(requestID)
    if (waiting === undefined) {
      const timer = this.#clock.after(pairTimeoutMs, () => {
        this.#waiting.delete(requestID)
        stream.destroy()
      })
      this.#waiting.set(requestID, { stream, timer })
      return
    }
    this.#waiting.delete(requestID)
    waiting.timer.cancel()
    const [error, data] = type === 'error' ? [stream, waiting.stream] : [waiting.stream, stream]
    if (error.headers.get(header.streamType) !== 'error' || data.headers.get(header.streamType) !== 'data') {
      error.destroy()
      data.destroy()
      return
    }
    this.connections.push(newConnection(port, data, error))
  }

  #end(): void {
    for (const { timer } of this.#waiting.values()) timer.cancel()
    this.#waiting.clear()
    this.connections.close()
  }
}

function newConnection(port: number, data: SPDYStream, error: SPDYStream): PortForwardConnection {
  // The client writes nothing there, but its end has to be read for the stream to go away.
  error.resume()
  // A stream that was given up closes the connection to the pod as well.
  data.destroyOnReset()
  return {
    port,
    data,
    fail(message) {
      if (!error.writableEnded) error.end(message)
      if (!data.writableEnded) data.end()
      data.resume()
    },
    finish() {
      if (!error.writableEnded) error.end()
    },
  }
}

function portOf(stream: SPDYStream): number | undefined {
  const text = stream.headers.get(header.port) ?? ''
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= portMax ? port : undefined
}

/** Clients before request IDs open the error stream first and the data stream next to it. */
function requestIDOf(stream: SPDYStream, type: 'error' | 'data'): string {
  return stream.headers.get(header.requestID) ?? `stream ${type === 'error' ? stream.id : stream.id - 2}`
}
