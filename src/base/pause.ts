import type { Clock, Due, Timer } from './clock.ts'

/** The wait between two rounds of a loop. It can be cut short, and a copy of the loop can go on with it. */
export class Pause {
  readonly #clock: Clock
  #timer: Timer | undefined
  #resolve: (() => void) | undefined
  /** Listened to for as long as it lives: a loop has one signal, and waits thousands of times. */
  #signal: AbortSignal | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** When the wait that is under way ends; undefined during a round. */
  get due(): Due | undefined {
    return this.#timer?.due
  }

  /** Resolves after the time, or at that of another pause; at once when the signal is aborted. Never rejects. */
  wait(until: number | Due, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    if (this.#signal !== signal) this.#listenTo(signal)
    return new Promise(resolve => {
      this.#resolve = resolve
      this.#timer = typeof until === 'number' ? this.#clock.after(until, this.#end) : this.#clock.at(until, this.#end)
    })
  }

  /** Ends the wait that is under way. */
  cutShort(): void {
    this.#end()
  }

  readonly #end = (): void => {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#resolve?.()
    this.#resolve = undefined
  }

  #listenTo(signal: AbortSignal): void {
    this.#signal?.removeEventListener('abort', this.#end)
    this.#signal = signal
    signal.addEventListener('abort', this.#end, { once: true })
  }
}
