import { assert } from './assert.ts'
import { PriorityHeap } from './priority-heap.ts'

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
  /** Resolves after `ms`; rejects with `signal.reason` when that comes first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface Timer extends Disposable {
  cancel(): void
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
    const cancel = () => clearTimeout(handle)
    return { cancel, [Symbol.dispose]: cancel }
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }
}

interface VirtualTimer {
  readonly atMs: number
  readonly sequence: number
  readonly callback: () => void
}

/** A clock that moves only when told to. Timers fire in the order of their due time, then of their creation. */
export class VirtualClock implements Clock {
  #nowMs: number
  readonly #startMs: number
  #sequence = 0
  readonly #due = new PriorityHeap<VirtualTimer>((left, right) =>
    left.atMs === right.atMs ? left.sequence < right.sequence : left.atMs < right.atMs,
  )

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
    return this.#due.size
  }

  /** Timers made so far: tells whether something happened. */
  get timersMade(): number {
    return this.#sequence
  }

  /** When the next timer is due, as `now()` counts; undefined when none waits. */
  get nextDueMs(): number | undefined {
    return this.#due.first?.atMs
  }

  after(delayMs: number, callback: () => void): Timer {
    const entry = { atMs: this.#nowMs + Math.max(delayMs, 0), sequence: this.#sequence++, callback }
    this.#due.push(entry)
    const cancel = () => void this.#due.remove(entry)
    return { cancel, [Symbol.dispose]: cancel }
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }

  /** Moves to the time of the next timer, unless that is after `untilMs`, and fires it. @returns whether there was one */
  fireNext(untilMs: number): boolean {
    const next = this.#due.first
    if (next === undefined || next.atMs > untilMs) return false
    this.#due.pop()
    this.#nowMs = next.atMs
    next.callback()
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
