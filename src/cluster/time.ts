import { type Clock, VirtualClock } from '#base/clock.ts'
import type { Storage } from '#storage/storage.ts'
import { type Duration, parseDuration } from './duration.ts'

export interface ClusterTimeOptions {
  clock: Clock
  storage: Storage
  /** Requests of this process that are not answered yet. */
  underWay: () => number
}

/** So many turns of the event loop without a write or a new timer mean that nobody has anything to do. */
const idleTurns = 3
const defaultLimit = '1h'

/** The cluster's time. On a virtual clock it moves only here. */
export class ClusterTime {
  readonly #options: ClusterTimeOptions
  readonly #virtual: VirtualClock | undefined

  constructor(options: ClusterTimeOptions) {
    this.#options = options
    this.#virtual = options.clock instanceof VirtualClock ? options.clock : undefined
  }

  get isVirtual(): boolean {
    return this.#virtual !== undefined
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#options.clock.now()
  }

  /**
   * Moves virtual time forward: everything that falls due happens in order, and the cluster is quiet when this resolves. On the real clock
   * it waits as long.
   * @param duration milliseconds, or text such as `10m`
   */
  async advance(duration: Duration): Promise<void> {
    const ms = parseDuration(duration)
    const clock = this.#virtual
    if (clock === undefined) return this.#options.clock.sleep(ms, new AbortController().signal)
    const target = clock.now() + ms
    await this.settle()
    while (await this.#step(clock, target));
    clock.moveTo(target)
  }

  /**
   * Lets the cluster go on until the condition holds: on a virtual clock from timer to timer, on the real one with each write.
   * @param condition may be asked very often
   * @param options.timeout of the cluster's time; an hour when left out
   * @throws Error when the time is over
   */
  async runUntil(condition: () => boolean | Promise<boolean>, options: { timeout?: Duration } = {}): Promise<void> {
    const { timeout = defaultLimit } = options
    const timeoutMs = parseDuration(timeout)
    const done = await (this.#virtual === undefined
      ? this.#waitUntil(condition, timeoutMs)
      : this.#stepUntil(this.#virtual, condition, timeoutMs))
    if (!done) throw new Error(`the condition did not hold within ${timeout} of the cluster's time`)
  }

  /** Resolves when nobody in this process has anything to do before time moves on. Says nothing about other processes. */
  async settle(): Promise<void> {
    const { storage, underWay } = this.#options
    const activity = () => storage.revision + (this.#virtual?.timersMade ?? 0)
    let last = activity()
    for (let idle = 0; idle < idleTurns; ) {
      await turn()
      const now = activity()
      idle = now === last && underWay() === 0 ? idle + 1 : 0
      last = now
    }
  }

  async #stepUntil(clock: VirtualClock, condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
    const limit = clock.now() + timeoutMs
    await this.settle()
    while (!(await condition())) if (!(await this.#step(clock, limit))) return false
    return true
  }

  /** Fires what is due next, all that is due at that time. @returns whether there was something */
  async #step(clock: VirtualClock, limit: number): Promise<boolean> {
    if (!clock.fireNext(limit)) return false
    while (clock.nextDueMs === clock.now()) clock.fireNext(limit)
    await this.settle()
    return true
  }

  async #waitUntil(condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
    const { clock, storage } = this.#options
    let isLate = false
    let wake = () => {}
    using _timer = clock.after(timeoutMs, () => {
      isLate = true
      wake()
    })
    using _watch = await storage.watch({ prefix: '/', afterRevision: storage.revision }, () => wake())
    for (;;) {
      const changed = new Promise<void>(resolve => (wake = resolve))
      if (await condition()) return true
      if (isLate) return false
      await changed
    }
  }
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
