import { type Clock, VirtualClock } from '#base/clock.ts'
import type { Storage } from '#storage/storage.ts'
import { type Duration, durationText, parseDuration } from './duration.ts'

/** What a cluster's time is about. */
export interface TimedCluster {
  readonly clock: Clock
  readonly storage: Storage<unknown>
  /** Requests of this process that are not answered yet, for others than those in memory. */
  readonly requestsUnderWay: number
  /** Watches that have so much to tell that it takes them further turns of the event loop. */
  readonly watchesCatchingUp: number
}

/** So many turns of the event loop without a write or a new timer mean that nobody has anything to do: who watches was told all. */
const idleTurns = 3
const defaultLimit = '1h'

/** What was waited for did not come within the time given for it. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded'
}

/** Nothing happens in a cluster that was stopped: whoever waits for something would wait for ever. */
export class ClusterStopped extends Error {
  override readonly name = 'ClusterStopped'
}

export interface WaitOptions {
  /** Of the cluster's time. */
  timeout?: Duration | undefined
  /** Gives the wait up; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

export interface RunOptions extends WaitOptions {
  /** Given what to call when something beside a write should have the condition asked again; for the real clock. */
  alsoAfter?: (ask: () => void) => void
}

/** The cluster's time. On a virtual clock it moves only here. */
export class ClusterTime {
  readonly #cluster: () => TimedCluster
  readonly #stopped: AbortSignal
  /** Of whoever moves time now. */
  #moving: Promise<void> = Promise.resolve()

  /**
   * @param cluster asked each time: what runs may be replaced
   * @param stopped ends what is waited for, and time
   */
  constructor(cluster: () => TimedCluster, stopped: AbortSignal = new AbortController().signal) {
    this.#cluster = cluster
    this.#stopped = stopped
  }

  get isVirtual(): boolean {
    return this.#virtual !== undefined
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#cluster().clock.now()
  }

  /** Timers that wait on a virtual clock: what the cluster still means to do. 0 on the real one, and once the cluster has stopped. */
  get waiting(): number {
    return this.#virtual?.waiting ?? 0
  }

  /**
   * Waits on the cluster's clock, as what is tested may do in place of a timer of its own: on a virtual clock it ends when time has moved so far.
   * @throws `signal.reason` when aborted
   */
  async sleep(duration: Duration, signal: AbortSignal = new AbortController().signal): Promise<void> {
    await this.#cluster().clock.sleep(parseDuration(duration), signal)
  }

  /**
   * Moves virtual time forward: everything that falls due happens in order, and the cluster is quiet when this resolves. On the real clock
   * it waits as long. Two calls at once add up.
   * @param duration milliseconds, or text such as `10m`
   * @param options.signal gives it up, wherever time stands then
   * @throws RangeError for a time without end; ClusterStopped
   */
  async advance(duration: Duration, options: { signal?: AbortSignal } = {}): Promise<void> {
    const { signal = new AbortController().signal } = options
    const ms = parseDuration(duration)
    if (ms === Number.POSITIVE_INFINITY) throw new RangeError('time cannot be moved on for ever: say how far, or use runUntil')
    this.#stopped.throwIfAborted()
    const clock = this.#virtual
    if (clock === undefined) return this.#cluster().clock.sleep(ms, AbortSignal.any([signal, this.#stopped]))
    await this.#alone(async () => {
      const target = clock.now() + ms
      await this.settle()
      do this.#requireGoingOn(signal)
      while (await this.#step(clock, target))
      clock.moveTo(target)
    })
  }

  /**
   * Lets the cluster go on until the condition holds: on a virtual clock from timer to timer, on the real one with each write, and until who
   * watches was told of it.
   * @param condition may be asked very often
   * @param options.timeout an hour when left out
   * @throws DeadlineExceeded; ClusterStopped
   */
  async runUntil(condition: () => boolean | Promise<boolean>, options: RunOptions = {}): Promise<void> {
    const { timeout = defaultLimit, signal = new AbortController().signal } = options
    const timeoutMs = parseDuration(timeout)
    this.#stopped.throwIfAborted()
    const done = await (this.#virtual === undefined
      ? this.#waitUntil(condition, timeoutMs, { ...options, signal })
      : this.#stepUntil(this.#virtual, condition, timeoutMs, signal))
    if (!done) throw new DeadlineExceeded(`the condition did not hold within ${durationText(timeout)} of the cluster's time`)
  }

  /** Resolves when nobody in this process has anything to do before time moves on. Says nothing about other processes. */
  async settle(): Promise<void> {
    const cluster = this.#cluster()
    const activity = () => cluster.storage.revision + (this.#virtual?.timersMade ?? 0)
    let last = activity()
    for (let idle = 0; idle < idleTurns; ) {
      await turn()
      const now = activity()
      const isBusy = cluster.requestsUnderWay > 0 || cluster.watchesCatchingUp > 0
      idle = now === last && !isBusy ? idle + 1 : 0
      last = now
    }
  }

  #requireGoingOn(signal: AbortSignal): void {
    signal.throwIfAborted()
    this.#stopped.throwIfAborted()
  }

  get #virtual(): VirtualClock | undefined {
    const { clock } = this.#cluster()
    return clock instanceof VirtualClock ? clock : undefined
  }

  async #stepUntil(
    clock: VirtualClock,
    condition: () => boolean | Promise<boolean>,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const limit = clock.now() + timeoutMs
    await this.settle()
    while (!(await condition())) {
      this.#requireGoingOn(signal)
      if (!(await this.#alone(() => this.#step(clock, limit)))) return false
    }
    return true
  }

  /** One mover at a time: a second one would move time before what the first has begun came to rest. */
  async #alone<T>(move: () => Promise<T>): Promise<T> {
    const before = this.#moving
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#moving = promise
    await before
    try {
      return await move()
    } finally {
      resolve()
    }
  }

  /** Fires what is due next, all that is due at that time. @returns whether there was something */
  async #step(clock: VirtualClock, limit: number): Promise<boolean> {
    if (!clock.fireAllNext(limit)) return false
    await this.settle()
    return true
  }

  async #waitUntil(
    condition: () => boolean | Promise<boolean>,
    timeoutMs: number,
    { signal, alsoAfter }: RunOptions & { signal: AbortSignal },
  ): Promise<boolean> {
    const cluster = this.#cluster()
    const { clock, storage } = cluster
    let isLate = false
    // There may have been a write just before.
    let turnsLeft = idleTurns
    let wake = () => {}
    const onAbort = () => wake()
    const ends = [signal, this.#stopped]
    for (const end of ends) end.addEventListener('abort', onAbort)
    alsoAfter?.(() => wake())
    using _ends = { [Symbol.dispose]: () => ends.forEach(end => end.removeEventListener('abort', onAbort)) }
    using _timer = clock.after(timeoutMs, () => {
      isLate = true
      wake()
    })
    const onWrite = () => {
      turnsLeft = idleTurns
      wake()
    }
    using _watch = await storage.watch({ prefix: '/', afterRevision: storage.revision }, onWrite)
    for (;;) {
      const changed = new Promise<void>(resolve => (wake = resolve))
      if (await condition()) return true
      this.#requireGoingOn(signal)
      if (isLate) return false
      // The condition may look at what a watch told, and that comes later than the write.
      if (cluster.watchesCatchingUp > 0) turnsLeft = idleTurns
      await (turnsLeft-- > 0 ? turn() : changed)
    }
  }
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
