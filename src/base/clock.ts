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

/** A clock that moves only when told to. Timers fire in the order of their due time, then of their creation. */
export class VirtualClock implements Clock {
  #nowMs: number
  readonly #startMs: number
  #sequence = 0
  #due: { atMs: number; sequence: number; callback: () => void }[] = []

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

  after(delayMs: number, callback: () => void): Timer {
    const entry = { atMs: this.#nowMs + Math.max(delayMs, 0), sequence: this.#sequence++, callback }
    insertByDueTime(this.#due, entry)
    const cancel = () => {
      const index = this.#due.indexOf(entry)
      if (index >= 0) this.#due.splice(index, 1)
    }
    return { cancel, [Symbol.dispose]: cancel }
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }

  /** Moves time forward by `ms`, firing what falls due, and lets promises settle between two timers. */
  async advance(ms: number): Promise<void> {
    const target = this.#nowMs + ms
    await settle()
    for (let next = this.#due[0]; next !== undefined && next.atMs <= target; next = this.#due[0]) {
      this.#due.shift()
      this.#nowMs = next.atMs
      next.callback()
      await settle()
    }
    this.#nowMs = target
  }
}

function insertByDueTime<T extends { atMs: number; sequence: number }>(queue: T[], entry: T): void {
  let low = 0
  let high = queue.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (queue[middle]!.atMs <= entry.atMs) low = middle + 1
    else high = middle
  }
  queue.splice(low, 0, entry)
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
