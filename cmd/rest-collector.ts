import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import type { Clock } from '#base/clock.ts'

export interface RestCollectorOptions {
  clock: Clock
  /** Of living and dead objects, their buffers included. */
  usedBytes(): number
  collect(): void
}

/** No young collection for so long: the process is at rest. */
const restMs = 2_000
/** Less than that is not worth the pause. */
const worthBytes = 8 * 2 ** 20
/** The pause grows with what lives: beyond this, V8's own small steps are better. */
const usedMaxBytes = 256 * 2 ** 20

/** Calls for a collection of all garbage when the process comes to rest and has grown since the last one. */
export class RestCollector {
  readonly #options: RestCollectorOptions
  #usedAfterLast = 0
  #busyAtMs = 0
  #isWaiting = false

  constructor(options: RestCollectorOptions) {
    this.#options = options
  }

  /** Tells that something was allocated: the young generation was full. */
  busy(): void {
    this.#busyAtMs = this.#options.clock.monotonicMs()
    if (!this.#isWaiting) this.#wait(restMs)
  }

  #wait(forMs: number): void {
    this.#isWaiting = true
    this.#options.clock.after(forMs, () => {
      this.#isWaiting = false
      const remainingMs = this.#busyAtMs + restMs - this.#options.clock.monotonicMs()
      if (remainingMs > 0) this.#wait(remainingMs)
      else this.#collect()
    })
  }

  #collect(): void {
    const { usedBytes, collect } = this.#options
    const used = usedBytes()
    if (used - this.#usedAfterLast < worthBytes || used > usedMaxBytes) return
    collect()
    this.#usedAfterLast = usedBytes()
  }
}

/**
 * What a start, or a burst of requests, leaves behind would stay for hours: V8 collects when more is allocated, and at rest nothing is.
 * From now on it goes after a few seconds. Needs `node --expose-gc`; does nothing without.
 */
export function collectGarbageAtRest(clock: Clock): Disposable {
  const { gc } = globalThis
  if (gc === undefined) return { [Symbol.dispose]: () => undefined }
  const usedBytes = () => {
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  // After a regular collection V8 would keep the empty pages.
  const collect = () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  const collector = new RestCollector({ clock, usedBytes, collect })
  const observer = new PerformanceObserver(list => {
    if (list.getEntries().some(isYoungCollection)) collector.busy()
  })
  observer.observe({ entryTypes: ['gc'] })
  collector.busy()
  return { [Symbol.dispose]: () => observer.disconnect() }
}

function isYoungCollection(entry: PerformanceEntry): boolean {
  const { kind } = (entry as PerformanceEntry & { detail: { kind: number } }).detail
  return kind === constants.NODE_PERFORMANCE_GC_MINOR
}
