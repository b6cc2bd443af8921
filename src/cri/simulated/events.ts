import type { RuntimeEvent, RuntimeEventType } from '../cri.ts'
import { CRIError } from '../error.ts'

export interface EventStreamsState {
  toDrop: number
  held: readonly RuntimeEvent[] | undefined
}

/** Who listens to the events of a node. */
export class EventStreams {
  #streams: readonly EventStream[] = []
  /** So many of the next events get lost. */
  #toDrop: number
  #held: RuntimeEvent[] | undefined

  /** @param state of the streams of a node whose place is taken; who listened there does not here */
  constructor(state?: EventStreamsState) {
    this.#toDrop = state?.toDrop ?? 0
    this.#held = state?.held && [...state.held]
  }

  /** A copy. */
  get state(): EventStreamsState {
    return { toDrop: this.#toDrop, held: this.#held && [...this.#held] }
  }

  emit(type: Exclude<RuntimeEventType, 'Subscribed'>, containerID: string, { id, uid }: { id: string; uid: string }): void {
    if (this.#streams.length === 0) return
    if (this.#toDrop > 0) {
      this.#toDrop--
      return
    }
    const event: RuntimeEvent = { type, containerID, podSandboxID: id, podUID: uid }
    if (this.#held !== undefined) this.#held.push(event)
    else for (const stream of this.#streams) stream.push(event)
  }

  /** Events wait until `resume`. */
  pause(): void {
    this.#held ??= []
  }

  resume(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const event of held) for (const stream of this.#streams) stream.push(event)
  }

  drop(count: number): void {
    this.#toDrop += count
  }

  /** Ends all streams, as a connection that breaks. */
  break(): void {
    for (const stream of this.#streams) stream.fail(new CRIError('Unavailable', 'error reading from server: EOF'))
    this.#streams = []
    if (this.#held !== undefined) this.#held = []
  }

  /**
   * A stream that begins with `Subscribed` when it is first read.
   * @param admit decides whether it may begin
   */
  subscribe(signal: AbortSignal, admit: () => Promise<void> | undefined): AsyncIterableIterator<RuntimeEvent> {
    return new EventStream(this, signal, admit)
  }

  /** For `EventStream`. */
  join(stream: EventStream): void {
    this.#streams = this.#streams.concat(stream)
  }

  /** For `EventStream`. */
  leave(stream: EventStream): void {
    this.#streams = this.#streams.filter(each => each !== stream)
  }
}

/** Written by hand: an idle stream of thousands of nodes must not cost the three nested generators that it would be otherwise. */
class EventStream implements AsyncIterableIterator<RuntimeEvent> {
  readonly #streams: EventStreams
  readonly #signal: AbortSignal
  readonly #admit: () => Promise<void> | undefined
  #state: 'new' | 'open' | 'ended' = 'new'
  #events: RuntimeEvent[] = []
  #failure: unknown
  #reader: PromiseWithResolvers<IteratorResult<RuntimeEvent>> | undefined
  readonly #onAbort = () => this.fail(this.#signal.reason)

  constructor(streams: EventStreams, signal: AbortSignal, admit: () => Promise<void> | undefined) {
    this.#streams = streams
    this.#signal = signal
    this.#admit = admit
  }

  push(event: RuntimeEvent): void {
    if (this.#reader === undefined) {
      this.#events.push(event)
      return
    }
    this.#reader.resolve({ done: false, value: event })
    this.#reader = undefined
  }

  /** Ends the stream after the events that wait. The first reason counts. */
  fail(error: unknown): void {
    if (this.#state === 'ended') return
    this.#end()
    if (this.#reader === undefined) this.#failure = error
    else this.#reader.reject(error)
    this.#reader = undefined
  }

  next(): Promise<IteratorResult<RuntimeEvent>> {
    if (this.#state === 'new') return this.#begin()
    const event = this.#events.shift()
    if (event !== undefined) return Promise.resolve({ done: false, value: event })
    if (this.#failure !== undefined) {
      const failure = this.#failure
      this.#failure = undefined
      return Promise.reject(failure)
    }
    if (this.#state === 'ended') return Promise.resolve({ done: true, value: undefined })
    this.#reader = Promise.withResolvers()
    return this.#reader.promise
  }

  async return(): Promise<IteratorResult<RuntimeEvent>> {
    this.#end()
    this.#events = []
    this.#failure = undefined
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #begin(): Promise<IteratorResult<RuntimeEvent>> {
    this.#state = 'ended'
    await this.#admit()
    this.#signal.throwIfAborted()
    this.#state = 'open'
    this.#signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#streams.join(this)
    return { done: false, value: { type: 'Subscribed', containerID: '', podSandboxID: '', podUID: '' } }
  }

  #end(): void {
    const wasOpen = this.#state === 'open'
    this.#state = 'ended'
    if (!wasOpen) return
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#streams.leave(this)
  }
}
