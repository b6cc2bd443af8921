import { assert } from './assert.ts'
import type { Due, Timer } from './timer.ts'
import { TimerQueue } from './timer-queue.ts'

export type { Due, Timer } from './timer.ts'

/**
 * The only source of time. Everything below `cmd/` takes a Clock through its constructor, so that a whole control plane can run on
 * virtual time.
 */
export interface Clock {
  /** Wall time in milliseconds since 1970. For API timestamps only; it may jump. */
  now(): number
  /** Milliseconds that only grow, for durations. Fractions are kept. */
  monotonicMs(): number
  /** Runs `callback` once, `delayMs` from now. Disposing the timer cancels it. A waiting timer does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer
  /** The same at the time of another timer, and in its place among those of that time: for a copy of that timer's owner. */
  at(due: Due, callback: () => void): Timer
  /** Resolves after `ms`; rejects with `signal.reason` when that comes first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

const longestTimerMs = 2 ** 31 - 1

/** The machine's clock. */
export class RealClock implements Clock {
  now(): number {
    return Date.now()
  }

  monotonicMs(): number {
    return performance.now()
  }

  after(delayMs: number, callback: () => void): Timer {
    const handle = setTimeout(callback, Math.min(Math.max(delayMs, 0), longestTimerMs)).unref()
    return new RealTimer(handle, this.monotonicMs() + delayMs)
  }

  at({ atMs }: Due, callback: () => void): Timer {
    return this.after(atMs - this.monotonicMs(), callback)
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }
}

class RealTimer implements Timer {
  readonly #handle: NodeJS.Timeout
  readonly #atMs: number

  constructor(handle: NodeJS.Timeout, atMs: number) {
    this.#handle = handle
    this.#atMs = atMs
  }

  get due(): Due {
    return { atMs: this.#atMs, order: 0 }
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#handle)
  }
}

/** A clock that moves only when told to. Timers fire in the order of their due time, then of their creation. */
export class VirtualClock implements Clock {
  #nowMs: number
  readonly #startMs: number
  #order = 0
  readonly #timers = new TimerQueue()

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs
    this.#startMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.size
  }

  /** Timers made so far: tells whether something happened. */
  get timersMade(): number {
    return this.#order
  }

  /** When the next timer is due, as `now()` counts; undefined when none waits. */
  get nextDueMs(): number | undefined {
    const { nextMs } = this.#timers
    return nextMs === undefined ? undefined : this.#startMs + nextMs
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.at({ atMs: this.monotonicMs() + Math.max(delayMs, 0), order: this.#order++ }, callback)
  }

  at(due: Due, callback: () => void): Timer {
    assert(due.atMs >= this.monotonicMs(), 'no timer is due in the past')
    return this.#timers.add(due, callback)
  }

  /** A clock that shows the same time, without the timers: their owners' copies set them again with `at`. */
  copy(): VirtualClock {
    const copy = new VirtualClock(this.#startMs)
    copy.#nowMs = this.#nowMs
    copy.#order = this.#order
    return copy
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }

  /** Moves to the time of the next timer, unless that is after `untilMs`, and fires it. @returns whether there was one */
  fireNext(untilMs: number): boolean {
    const { nextDueMs } = this
    if (nextDueMs === undefined || nextDueMs > untilMs) return false
    this.#nowMs = nextDueMs
    this.#timers.take()()
    return true
  }

  /** The same with all timers of that time. */
  fireAllNext(untilMs: number): boolean {
    if (!this.fireNext(untilMs)) return false
    while (this.nextDueMs === this.#nowMs) this.#timers.take()()
    return true
  }

  /** Moves forward without firing anything: no timer is due before. */
  moveTo(ms: number): void {
    assert(ms >= this.#nowMs && ms <= (this.nextDueMs ?? ms), 'time does not go back, and leaves no timer behind')
    this.#nowMs = ms
  }

  /** Moves time forward by `ms`, firing what falls due, and lets promises settle between two timers. */
  async advance(ms: number): Promise<void> {
    const target = this.#nowMs + ms
    await settle()
    while (this.fireNext(target)) await settle()
    this.moveTo(target)
  }
}

function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

function sleepOn(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = () => {
      timer.cancel()
      reject(signal.reason)
    }
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
