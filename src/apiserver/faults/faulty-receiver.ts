import type { Status } from '#apimachinery/status/status.ts'
import type { Clock, Timer } from '#base/clock.ts'
import type { CacheEvent, ChangeType } from '../cacher/cache-event.ts'
import type { WatchReceiver } from '../cacher/cache-watcher.ts'
import type { Entry } from '../cacher/entry.ts'
import type { ActiveWatch } from '../request/api-response.ts'

/** What happens to one event of a watch. */
export interface EventFate {
  isLost: boolean
  delayMs: number
}

export interface FaultyReceiverOptions {
  clock: Clock
  /** Undefined: it goes through. */
  fateOf: (type: ChangeType, entry: Entry) => EventFate | undefined
  /** Called once. */
  onEnd: () => void
}

/** Stands between a watch and its receiver. Events keep their order: what comes behind a delayed one waits with it. */
export class FaultyReceiver implements WatchReceiver {
  readonly #receiver: WatchReceiver
  readonly #options: FaultyReceiverOptions
  #held: { dueMs: number; pass: () => void }[] = []
  #timer: Timer | undefined
  #watch: ActiveWatch | undefined
  #hasEnded = false

  constructor(receiver: WatchReceiver, options: FaultyReceiverOptions) {
    this.#receiver = receiver
    this.#options = options
  }

  /** Events wait here. */
  get isHolding(): boolean {
    return this.#held.length > 0
  }

  /** Tells which watch this receives. @returns it as the client may use it */
  follow(watch: ActiveWatch): ActiveWatch {
    this.#watch = watch
    if (this.#hasEnded) watch.end()
    return { resume: () => watch.resume(), end: () => this.#finish() }
  }

  event(type: ChangeType, entry: Entry, change: CacheEvent | undefined): void {
    const fate = this.#options.fateOf(type, entry)
    if (fate?.isLost) return
    const delayMs = fate?.delayMs ?? 0
    if (delayMs === 0 && this.#held.length === 0) this.#receiver.event(type, entry, change)
    // Frames are not remembered for one that comes late.
    else this.#hold(delayMs, () => this.#receiver.event(type, entry, undefined))
  }

  bookmark(revision: number, endsInitialEvents: boolean): void {
    this.#inOrder(() => this.#receiver.bookmark(revision, endsInitialEvents))
  }

  flush(): boolean {
    return this.#receiver.flush()
  }

  end(error?: Status): void {
    this.#inOrder(() => {
      if (this.#finish()) this.#receiver.end(error)
    })
  }

  break(): void {
    if (this.#finish()) this.#receiver.break()
  }

  /** What is held back goes on now. */
  release(): void {
    this.#passUntil(Number.POSITIVE_INFINITY)
  }

  #inOrder(pass: () => void): void {
    if (this.#held.length === 0) pass()
    else this.#hold(0, pass)
  }

  #hold(delayMs: number, pass: () => void): void {
    const { clock } = this.#options
    const dueMs = Math.max(clock.monotonicMs() + delayMs, this.#held.at(-1)?.dueMs ?? 0)
    this.#held.push({ dueMs, pass })
    this.#setTimer()
  }

  #setTimer(): void {
    const { clock } = this.#options
    const first = this.#held[0]
    if (first === undefined || this.#timer !== undefined) return
    this.#timer = clock.after(first.dueMs - clock.monotonicMs(), () => this.#passUntil(clock.monotonicMs()))
  }

  #passUntil(nowMs: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const count = this.#held.findIndex(({ dueMs }) => dueMs > nowMs)
    const due = this.#held.splice(0, count < 0 ? this.#held.length : count)
    for (const { pass } of due) if (!this.#hasEnded) pass()
    if (this.#hasEnded) return
    if (due.length > 0) this.#receiver.flush()
    this.#setTimer()
  }

  /** @returns whether it went on until now */
  #finish(): boolean {
    if (this.#hasEnded) return false
    this.#hasEnded = true
    this.#timer?.cancel()
    this.#held = []
    this.#options.onEnd()
    this.#watch?.end()
    return true
  }
}
