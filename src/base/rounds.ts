import { assert } from './assert.ts'
import type { Clock, Due, Timer } from './clock.ts'

/**
 * Work that is done again and again, with a wait after each round. The wait can be cut short, and a copy can go on with it. As long as it
 * lasts it costs a timer: thousands of nodes wait most of the time.
 */
export class Rounds {
  readonly #clock: Clock
  readonly #round: (signal: AbortSignal) => Promise<number>
  #run: { signal: AbortSignal; resolve: () => void; reject: (error: unknown) => void } | undefined
  /** Undefined during a round. */
  #timer: Timer | undefined

  /** @param round does it once and tells how many milliseconds to wait before the next time */
  constructor(clock: Clock, round: (signal: AbortSignal) => Promise<number>) {
    this.#clock = clock
    this.#round = round
  }

  /** When the wait that is under way ends; undefined during a round. */
  get due(): Due | undefined {
    return this.#timer?.due
  }

  /**
   * Goes on until the signal is aborted. Resolves when the last round has ended; throws what a round throws.
   * @param first how long to wait at first, or for what other rounds waited; left out: not at all
   */
  run(signal: AbortSignal, first?: number | Due): Promise<void> {
    assert(this.#run === undefined, 'rounds are run once')
    return new Promise((resolve, reject) => {
      this.#run = { signal, resolve, reject }
      signal.addEventListener('abort', this.#end, { once: true })
      if (first === undefined || signal.aborted) this.#begin()
      else this.#wait(first)
    })
  }

  /** Ends the wait that is under way. */
  cutShort(): void {
    this.#end()
  }

  readonly #end = (): void => {
    if (this.#timer === undefined) return
    this.#timer.cancel()
    this.#timer = undefined
    this.#begin()
  }

  #begin(): void {
    const { signal, resolve, reject } = this.#run!
    if (signal.aborted) resolve()
    else this.#round(signal).then(delayMs => this.#wait(delayMs), reject)
  }

  #wait(until: number | Due): void {
    const { signal, resolve } = this.#run!
    if (signal.aborted) resolve()
    else this.#timer = typeof until === 'number' ? this.#clock.after(until, this.#end) : this.#clock.at(until, this.#end)
  }
}
