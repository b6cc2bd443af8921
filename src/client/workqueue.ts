import { AssertionError } from '#base/assert.ts'
import type { Clock, Timer } from '#base/clock.ts'

export interface WorkQueueOptions {
  clock: Clock
  /** Delay after the first failure; doubles with every further one. */
  backoffBaseMs?: number
  backoffMaxMs?: number
}

/**
 * Keys waiting for work, with client-go's semantics: a key is in the queue once, is never given to two workers at a time, and comes back
 * after `done` if it was added meanwhile.
 */
export class WorkQueue<K> {
  readonly #clock: Clock
  readonly #baseMs: number
  readonly #maxMs: number
  #ready: K[] = []
  readonly #dirty = new Set<K>()
  readonly #processing = new Set<K>()
  readonly #failures = new Map<K, number>()
  readonly #delayed = new Map<K, { dueMs: number; timer: Timer }>()
  #waiting: ((key: K | undefined) => void)[] = []
  #closed = false

  constructor({ clock, backoffBaseMs = 5, backoffMaxMs = 1_000_000 }: WorkQueueOptions) {
    this.#clock = clock
    this.#baseMs = backoffBaseMs
    this.#maxMs = backoffMaxMs
  }

  get size(): number {
    return this.#ready.length
  }

  add(key: K): void {
    if (this.#closed || this.#dirty.has(key)) return
    this.#dirty.add(key)
    if (this.#processing.has(key)) return
    this.#offer(key)
  }

  /** Adds the key when the time has come; of several times the earliest counts. */
  addAfter(key: K, delayMs: number): void {
    if (this.#closed) return
    if (delayMs <= 0) {
      this.add(key)
      return
    }
    const dueMs = this.#clock.monotonicMs() + delayMs
    const earlier = this.#delayed.get(key)
    if (earlier !== undefined) {
      if (earlier.dueMs <= dueMs) return
      earlier.timer.cancel()
    }
    const timer = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key)
      this.add(key)
    })
    this.#delayed.set(key, { dueMs, timer })
  }

  /** Adds the key after its back-off. */
  addRateLimited(key: K): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    this.addAfter(key, Math.min(this.#baseMs * 2 ** failures, this.#maxMs))
  }

  /** The key succeeded: its next failure starts from the base delay. */
  forget(key: K): void {
    this.#failures.delete(key)
  }

  /** The next key; undefined when the queue was closed. Call `done` with it afterwards. */
  get(): Promise<K | undefined> {
    const key = this.#ready.shift()
    if (key !== undefined) {
      this.#take(key)
      return Promise.resolve(key)
    }
    if (this.#closed) return Promise.resolve(undefined)
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  done(key: K): void {
    this.#processing.delete(key)
    if (this.#dirty.has(key) && !this.#closed) this.#offer(key)
  }

  close(): void {
    this.#closed = true
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#delayed.clear()
    for (const resolve of this.#waiting.splice(0)) resolve(undefined)
  }

  /**
   * Runs `reconcile` for every key with `workers` workers until the signal is aborted. A thrown error puts the key back with back-off;
   * a returned number of milliseconds asks to be called again after that time.
   * @throws AssertionError: a bug is not tried again
   */
  async run(
    { workers, onError }: { workers: number; onError: (key: K, error: unknown) => void },
    reconcile: (key: K, signal: AbortSignal) => Promise<number | undefined | void>,
    signal: AbortSignal,
  ): Promise<void> {
    const close = () => this.close()
    signal.addEventListener('abort', close, { once: true })
    if (signal.aborted) close()
    const work = async () => {
      for (let key = await this.get(); key !== undefined && !signal.aborted; key = await this.get()) {
        try {
          const againMs = await reconcile(key, signal)
          this.forget(key)
          if (typeof againMs === 'number') this.addAfter(key, againMs)
        } catch (error) {
          if (error instanceof AssertionError) throw error
          if (signal.aborted) return
          onError(key, error)
          this.addRateLimited(key)
        } finally {
          this.done(key)
        }
      }
    }
    try {
      await Promise.all(Array.from({ length: workers }, work))
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  }

  #offer(key: K): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) {
      this.#ready.push(key)
      return
    }
    this.#take(key)
    waiting(key)
  }

  #take(key: K): void {
    this.#dirty.delete(key)
    this.#processing.add(key)
  }
}
