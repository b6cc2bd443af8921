import type { Clock, Due, Timer } from './clock.ts'

/** The wait between two rounds of a loop. It can be cut short, and a copy of the loop can go on with it. */
export class Pause {
  readonly #clock: Clock
  #timer: Timer | undefined
  #wake: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** When the wait that is under way ends; undefined during a round. */
  get due(): Due | undefined {
    return this.#timer?.due
  }

  /** Resolves after the time, or at that of another pause; at once when the signal is aborted. Never rejects. */
  async wait(until: number | Due, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    this.#wake = wake
    signal.addEventListener('abort', wake, { once: true })
    this.#timer = typeof until === 'number' ? this.#clock.after(until, wake) : this.#clock.at(until, wake)
    await promise
    this.#timer.cancel()
    this.#timer = undefined
    this.#wake = undefined
    signal.removeEventListener('abort', wake)
  }

  /** Ends the wait that is under way. */
  cutShort(): void {
    this.#wake?.()
  }
}
