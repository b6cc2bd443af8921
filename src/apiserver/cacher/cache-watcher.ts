import { type Status, toStatus } from '#apimachinery/status/status.ts'
import type { Clock, Timer } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { CacheEvent, ChangeType } from './cache-event.ts'
import type { Entry } from './entry.ts'
import type { Selection } from './selection.ts'
import type { WatchTurns } from './watch-turns.ts'

/** Where a watch's events go: an HTTP response, or a queue in process. */
export interface WatchReceiver {
  /** One event. `change` is undefined for the synthetic events that show the state at the start. May be kept until `flush`. */
  event(type: ChangeType, entry: Entry, change: CacheEvent | undefined): void
  /** Everything up to `revision` was sent. `endsInitialEvents`: this is the one that ends the state at the start. */
  bookmark(revision: number, endsInitialEvents: boolean): void
  /** Hands on what came. False asks for a pause, until `CacheWatcher.resume`. */
  flush(): boolean
  /** Nothing more comes. With an error, that is the last thing to tell. */
  end(error?: Status): void
  /** The connection breaks: nothing more comes, and nothing is told. */
  break(): void
}

export interface WatchStart {
  selection: Selection
  receiver: WatchReceiver
  /** Objects to show as ADDED first. */
  initial: readonly Entry[]
  /** Changes that happened after what the client knows. */
  history: readonly CacheEvent[]
  /** The client knows, or `initial` shows, everything up to here. */
  revision: number
  /** A bookmark after the initial objects says that they are complete. */
  marksInitialEnd: boolean
  allowBookmarks: boolean
  timeoutMs: number
  /** The newest revision of which every event has been offered. */
  newestRevision: () => number
  turns: WatchTurns
  onEnd: (watcher: CacheWatcher) => void
}

/** Changes that may wait for a receiver that has paused; with more, the watch ends and the client starts a new one. */
const backlogEventsMax = 8_192
/** How much is sent before other work has its turn. */
const turnBytesMax = 256 * 1024
const bookmarkPeriodMs = 60_000

/** One watch: filters changes, keeps them while the receiver is busy, and ends in time. */
export class CacheWatcher {
  readonly selection: Selection
  readonly #start: WatchStart
  readonly #receiver: WatchReceiver
  readonly #clock: Clock
  readonly #random: Random
  #initialIndex = 0
  #initialIsSent = false
  #backlog: CacheEvent[]
  #backlogIndex = 0
  /** False while something waits to be sent: then changes queue up behind it. */
  #isLive = false
  #hasEnded = false
  #timeout: Timer | undefined
  #bookmarkTimer: Timer | undefined

  constructor(start: WatchStart, clock: Clock, random: Random) {
    this.#start = start
    this.selection = start.selection
    this.#receiver = start.receiver
    this.#clock = clock
    this.#random = random
    this.#backlog = start.history as CacheEvent[]
  }

  /** Sends what there is. Call once, when changes will be offered from now on. */
  start(): void {
    this.#timeout = this.#clock.after(this.#start.timeoutMs, () => this.end())
    if (this.#start.allowBookmarks) this.#scheduleBookmark()
    this.#pump()
  }

  /** Takes a change, in revision order. Answers whether `flush` must follow. */
  offer(change: CacheEvent): boolean {
    if (this.#hasEnded || change.revision <= this.#start.revision) return false
    try {
      if (this.#isLive) return this.#send(change)
      this.#queue(change)
    } catch (error) {
      this.#fail(error)
    }
    return false
  }

  flush(): void {
    if (!this.#hasEnded && this.#isLive && !this.#receiver.flush()) this.#isLive = false
  }

  /** The receiver has room again. */
  resume(): void {
    if (!this.#hasEnded && !this.#isLive) this.#pump()
  }

  /** Idempotent. */
  end(error?: Status): void {
    if (this.#stop()) this.#receiver.end(error)
  }

  /** Ends without a farewell, as the server's death does. Idempotent. */
  break(): void {
    if (this.#stop()) this.#receiver.break()
  }

  #stop(): boolean {
    if (this.#hasEnded) return false
    this.#hasEnded = true
    this.#timeout?.cancel()
    this.#bookmarkTimer?.cancel()
    this.#backlog = []
    this.#start.onEnd(this)
    return true
  }

  #queue(change: CacheEvent): void {
    if (this.#typeFor(change) === undefined) return
    if (this.#backlog === this.#start.history) this.#backlog = [...this.#start.history]
    this.#backlog.push(change)
    if (this.#backlog.length - this.#backlogIndex > backlogEventsMax + this.#start.history.length) this.end()
  }

  #send(change: CacheEvent): boolean {
    const type = this.#typeFor(change)
    if (type === undefined) return false
    this.#receiver.event(type, type === 'DELETED' ? change.departed : change.entry, change)
    return true
  }

  /** What the change is to this watcher: objects come and go as they start and stop to match. */
  #typeFor(change: CacheEvent): ChangeType | undefined {
    const { selection } = this
    if (!change.entry.key.startsWith(selection.keyPrefix)) return undefined
    if (selection.isWhole) return change.type
    const matches = change.type !== 'DELETED' && selection.matchesSelectors(change.entry)
    const matched = change.previous !== undefined && selection.matchesSelectors(change.previous)
    if (matches) return matched ? 'MODIFIED' : 'ADDED'
    return matched ? 'DELETED' : undefined
  }

  /** An object cannot be shown: this ends the one watch, not the cache. */
  #fail(error: unknown): void {
    this.end(toStatus(error))
  }

  #pump(): void {
    try {
      this.#sendWaiting()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Sends what waits, in turns, as long as the receiver takes it. */
  #sendWaiting(): void {
    let turnBytes = 0
    while (!this.#hasEnded) {
      const entry = this.#next()
      if (entry === undefined) {
        this.#isLive = true
        this.flush()
        return
      }
      turnBytes += entry.size
      if (turnBytes < turnBytesMax) continue
      if (this.#receiver.flush()) this.#start.turns.take(() => this.resume())
      return
    }
  }

  /** Sends one thing that waits; answers which object it was about. */
  #next(): Entry | undefined {
    const { initial, selection } = this.#start
    while (this.#initialIndex < initial.length) {
      const entry = initial[this.#initialIndex++]!
      if (!selection.isWhole && !selection.matchesSelectors(entry)) continue
      this.#receiver.event('ADDED', entry, undefined)
      return entry
    }
    if (!this.#initialIsSent) {
      this.#initialIsSent = true
      if (this.#start.marksInitialEnd) this.#receiver.bookmark(this.#start.revision, true)
    }
    while (this.#backlogIndex < this.#backlog.length) {
      const change = this.#backlog[this.#backlogIndex++]!
      if (this.#send(change)) return change.entry
    }
    this.#backlog = []
    this.#backlogIndex = 0
    return undefined
  }

  /** Every minute or a little less, so that many watches do not speak at once. */
  #scheduleBookmark(): void {
    const delayMs = bookmarkPeriodMs * (0.75 + 0.25 * this.#random.next())
    this.#bookmarkTimer = this.#clock.after(delayMs, () => {
      if (this.#isLive) {
        this.#receiver.bookmark(this.#start.newestRevision(), false)
        this.flush()
      }
      if (!this.#hasEnded) this.#scheduleBookmark()
    })
  }
}
