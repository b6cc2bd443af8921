import { AssertionError } from '#base/assert.ts'
import type { Clock, Due, Timer } from '#base/clock.ts'
import { because, type Cause, currentCause } from './cause.ts'

export interface WorkQueueOptions {
  clock: Clock
  /** Delay after the first failure; doubles with every further one. */
  backoffBaseMs?: number
  backoffMaxMs?: number
}

/** Asks for another look at the key after a time, and says what will be the case then, such as `the toleration of 300s is over`. */
export interface Again {
  afterMs: number
  reason: string
}

/** What a queue knows: keys that are to be worked on, keys that wait, and failures. */
export interface WorkQueueState<K> {
  /** In the order of their turn. Work that is under way is begun again: a cluster is quiet meanwhile only when it waits for time to pass. */
  ready: ReadonlyMap<K, Cause | undefined>
  delayed: ReadonlyMap<K, { due: Due; cause: Cause | undefined }>
  failures: ReadonlyMap<K, number>
}

/**
 * Keys waiting for work, with client-go's semantics: a key is in the queue once, is never given to two workers at a time, and comes back
 * after `done` if it was added meanwhile. Work on a key is the answer to what made somebody add it last.
 */
export class WorkQueue<K> {
  readonly #clock: Clock
  readonly #baseMs: number
  readonly #maxMs: number
  #ready: K[] = []
  readonly #dirty = new Set<K>()
  readonly #causes = new Map<K, Cause | undefined>()
  /** Each with the cause of the work. */
  readonly #processing = new Map<K, Cause | undefined>()
  readonly #failures: Map<K, number>
  readonly #delayed = new Map<K, { timer: Timer; cause: Cause | undefined }>()
  #waiting: ((key: K | undefined) => void)[] = []
  #closed = false

  /** @param state of a queue that this one takes the place of */
  constructor({ clock, backoffBaseMs = 5, backoffMaxMs = 1_000_000 }: WorkQueueOptions, state?: WorkQueueState<K>) {
    this.#clock = clock
    this.#failures = new Map(state?.failures)
    for (const [key, cause] of state?.ready ?? []) this.add(key, cause)
    for (const [key, { due, cause }] of state?.delayed ?? []) this.#delay(key, cause, callback => clock.at(due, callback))
    this.#baseMs = backoffBaseMs
    this.#maxMs = backoffMaxMs
  }

  /** A copy. */
  get state(): WorkQueueState<K> {
    const delayed = new Map([...this.#delayed].map(([key, { timer, cause }]) => [key, { due: timer.due, cause }]))
    // What came while work on the key was under way is the newer cause.
    return { ready: new Map([...this.#processing, ...this.#causes]), delayed, failures: new Map(this.#failures) }
  }

  get size(): number {
    return this.#ready.length
  }

  /** Whether the key will be added when its time has come. */
  isDelayed(key: K): boolean {
    return this.#delayed.has(key)
  }

  add(key: K, cause = currentCause()): void {
    if (this.#closed) return
    this.#causes.set(key, cause)
    if (this.#dirty.has(key)) return
    this.#dirty.add(key)
    if (this.#processing.has(key)) return
    this.#offer(key)
  }

  /** Adds the key when the time has come; of several times the earliest counts, and of several causes the newest. */
  addAfter(key: K, delayMs: number, cause = currentCause()): void {
    if (this.#closed) return
    if (delayMs <= 0) {
      this.add(key, cause)
      return
    }
    const earlier = this.#delayed.get(key)
    if (earlier !== undefined) {
      if (earlier.timer.due.atMs <= this.#clock.monotonicMs() + delayMs) {
        earlier.cause = cause
        return
      }
      earlier.timer.cancel()
    }
    this.#delay(key, cause, callback => this.#clock.after(delayMs, callback))
  }

  /** Adds the key after its back-off. */
  addRateLimited(key: K, cause = currentCause()): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    this.addAfter(key, Math.min(this.#baseMs * 2 ** failures, this.#maxMs), cause)
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
   * a returned number of milliseconds, or an `Again`, asks to be called again after that time.
   * @throws AssertionError: a bug is not tried again
   */
  async run(
    { workers, onError }: { workers: number; onError: (key: K, error: unknown) => void },
    reconcile: (key: K, signal: AbortSignal) => Promise<number | Again | undefined | void>,
    signal: AbortSignal,
  ): Promise<void> {
    const close = () => this.close()
    signal.addEventListener('abort', close, { once: true })
    if (signal.aborted) close()
    const work = async () => {
      for (let key = await this.get(); key !== undefined && !signal.aborted; key = await this.get()) {
        const name = key
        const cause = this.#processing.get(name)
        try {
          const again = await because(cause, () => reconcile(name, signal))
          this.forget(key)
          if (typeof again === 'number') this.addAfter(key, again, cause)
          else if (typeof again === 'object') this.addAfter(key, again.afterMs, { ...cause, reason: again.reason })
        } catch (error) {
          if (error instanceof AssertionError) throw error
          if (signal.aborted) return
          onError(key, error)
          this.addRateLimited(key, cause)
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

  #delay(key: K, cause: Cause | undefined, set: (callback: () => void) => Timer): void {
    const timer = set(() => {
      this.#delayed.delete(key)
      this.add(key, delayed.cause)
    })
    const delayed = { timer, cause }
    this.#delayed.set(key, delayed)
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
    this.#processing.set(key, this.#causes.get(key))
    this.#causes.delete(key)
  }
}
