import type { Transport, TransportRequest, TransportResponse, WatchFrame } from '../transport.ts'

/** A connection that a test can break: everything else is the transport below. */
export class CuttableTransport implements Transport {
  /** Another one: the server was started again. */
  below: Transport
  readonly #watches = new Set<AbortController>()
  /** While set, every request and watch fails with it. */
  down: Error | undefined
  /** Method and path of what was asked. */
  readonly asked: string[] = []

  constructor(below: Transport) {
    this.below = below
  }

  /** Watches under way. */
  get watches(): number {
    return this.#watches.size
  }

  /** Ends the watches under way: with the error, or as a server does that closes them. */
  cut(error?: Error): void {
    for (const watch of this.#watches) watch.abort(error ?? closed)
  }

  async request(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse> {
    this.asked.push(`${request.method} ${request.path}`)
    if (this.down !== undefined) throw this.down
    return this.below.request(request, signal)
  }

  async *watch(request: TransportRequest, signal: AbortSignal): AsyncGenerator<readonly WatchFrame[], void, undefined> {
    this.asked.push(`WATCH ${request.path}`)
    if (this.down !== undefined) throw this.down
    const controller = new AbortController()
    this.#watches.add(controller)
    try {
      yield* this.below.watch(request, AbortSignal.any([signal, controller.signal]))
    } catch (error) {
      if (controller.signal.reason !== closed) throw error
    } finally {
      this.#watches.delete(controller)
    }
  }
}

const closed = new Error('closed by the server')
