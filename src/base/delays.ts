import type { Clock } from './clock.ts'

/** Sleeps that can all be ended at once. */
export class Delays {
  readonly #clock: Clock
  #end = new AbortController()
  #waiting = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sleeps under way. */
  get waiting(): number {
    return this.#waiting
  }

  /** Resolves after `ms`, or when everybody is released; rejects with `signal.reason` when that comes first. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.#waiting++
    try {
      await this.#clock.sleep(ms, AbortSignal.any([signal, this.#end.signal]))
    } catch (error) {
      if (signal.aborted) throw error
    } finally {
      this.#waiting--
    }
  }

  release(): void {
    this.#end.abort()
    this.#end = new AbortController()
  }
}
