import { assert } from './assert.ts'
import type { Due, Timer } from './timer.ts'
import { PriorityHeap } from './priority-heap.ts'

/**
 * Timers that wait, in the order of their due time, then of their number. Most share their time with others, so they lie in the order of their
 * numbers in one list for each time: a timer more or less costs the same however many wait.
 */
export class TimerQueue {
  readonly #times = new Map<number, TimersOfOneTime>()
  readonly #order = new PriorityHeap<TimersOfOneTime>((left, right) => left.atMs < right.atMs)
  /** Where the last one was added: the next one mostly has the same time. */
  #latest: TimersOfOneTime | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** When the next one is due; undefined when none waits. */
  get nextMs(): number | undefined {
    return this.#order.first?.atMs
  }

  add(due: Due, callback: () => void): Timer {
    this.#size++
    return this.#at(due.atMs).add(due.order, callback)
  }

  /** Takes the next one out of the queue. @returns what it calls */
  take(): () => void {
    const first = this.#order.first
    assert(first !== undefined, 'a timer waits')
    return first.take()
  }

  #at(atMs: number): TimersOfOneTime {
    if (this.#latest?.atMs === atMs) return this.#latest
    let timers = this.#times.get(atMs)
    if (timers === undefined) {
      timers = new TimersOfOneTime(atMs, this.#onEnd)
      this.#times.set(atMs, timers)
      this.#order.push(timers)
    }
    this.#latest = timers
    return timers
  }

  /** Told of each timer that waits no more. */
  readonly #onEnd = (timers: TimersOfOneTime): void => {
    this.#size--
    if (timers.size > 0) return
    if (this.#latest === timers) this.#latest = undefined
    this.#times.delete(timers.atMs)
    this.#order.remove(timers)
  }
}

class TimersOfOneTime {
  readonly atMs: number
  readonly #onEnd: (timers: TimersOfOneTime) => void
  /** Those before `#next` were taken. */
  readonly #timers: QueuedTimer[] = []
  #next = 0
  /** Those that wait: what was cancelled stays in the list. */
  size = 0

  constructor(atMs: number, onEnd: (timers: TimersOfOneTime) => void) {
    this.atMs = atMs
    this.#onEnd = onEnd
  }

  add(order: number, callback: () => void): Timer {
    const timers = this.#timers
    const timer = new QueuedTimer(this, order, callback)
    let index = timers.length
    // Only the copy of an older timer does not come last.
    while (index > this.#next && timers[index - 1]!.order > order) index--
    if (index === timers.length) timers.push(timer)
    else timers.splice(index, 0, timer)
    this.size++
    return timer
  }

  take(): () => void {
    for (;;) {
      const callback = this.#timers[this.#next++]!.end()
      if (callback !== undefined) return callback
    }
  }

  /** One waits no more. */
  left(): void {
    this.size--
    this.#onEnd(this)
  }
}

class QueuedTimer implements Timer {
  readonly order: number
  readonly #timers: TimersOfOneTime
  /** Undefined when it does not wait any more: who keeps the timer does not keep what it would have called. */
  #callback: (() => void) | undefined

  constructor(timers: TimersOfOneTime, order: number, callback: () => void) {
    this.#timers = timers
    this.order = order
    this.#callback = callback
  }

  get due(): Due {
    return { atMs: this.#timers.atMs, order: this.order }
  }

  /** It waits no more. @returns what it would have called, when it did wait */
  end(): (() => void) | undefined {
    const callback = this.#callback
    if (callback === undefined) return undefined
    this.#callback = undefined
    this.#timers.left()
    return callback
  }

  cancel(): void {
    this.end()
  }

  [Symbol.dispose](): void {
    this.end()
  }
}
