import type { Clock } from '#base/clock.ts'
import { Delays } from '#base/delays.ts'
import { type Fault, FaultRules, type Occurrences } from '#base/fault-rules.ts'
import { StorageError, type Write } from './storage.ts'

/** Which writes a fault concerns. An empty one concerns all. */
export interface WritePattern {
  /** `/registry/pods/`, `/registry/pods/default/web`. */
  keyPrefix?: string
  /** Asked last. */
  where?: (write: Write) => boolean
}

type Effect = { type: 'delay'; delayMs: number } | { type: 'fail'; message: string }

const never = new AbortController().signal

/** What goes wrong between API servers and their storage. Every order can be taken back by disposing what it returns. */
export class StorageFaults {
  readonly #rules = new FaultRules<Write, Effect>()
  readonly #delays: Delays
  /** Resolves when the write that came last has gone on. */
  #last: Promise<void> | undefined
  /** Replaced by `clear`: who waited before it does not wait again. */
  #order = {}

  constructor(clock: Clock) {
    this.#delays = new Delays(clock)
  }

  /** Writes that wait for time to go on. */
  get waiting(): number {
    return this.#delays.waiting
  }

  /** Writes take longer, as with a slow disk: those behind wait, too. What waits when the API server dies is lost. */
  delay(writes: WritePattern, delayMs: number, occurrences: Occurrences = {}): Fault {
    return this.#add(writes, { type: 'delay', delayMs }, occurrences)
  }

  /** Writes fail, as with a full disk: they are not made, and their clients get a 500. */
  fail(writes: WritePattern, occurrences: Occurrences & { message?: string } = {}): Fault {
    const { message = 'cannot write: no space left on device' } = occurrences
    return this.#add(writes, { type: 'fail', message }, occurrences)
  }

  /** Nothing more is ordered; what waits goes on now. */
  clear(): void {
    this.#rules.clear()
    this.#order = {}
    this.#delays.release()
  }

  /** Decides about a write: undefined lets it pass at once. @throws StorageError Failed (or rejects with it) */
  admit(write: Write): Promise<void> | undefined {
    if (this.#rules.isEmpty && this.#last === undefined) return undefined
    const effects = this.#rules.due(write)
    if (effects.length === 0 && this.#last === undefined) return undefined
    const turn = this.#take(this.#last, effects)
    const last = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#last === last) this.#last = undefined
      })
    this.#last = last
    return turn
  }

  async #take(before: Promise<void> | undefined, effects: readonly Effect[]): Promise<void> {
    const order = this.#order
    await before
    for (const effect of effects) {
      if (order !== this.#order) return
      if (effect.type === 'fail') throw new StorageError('Failed', effect.message)
      await this.#delays.sleep(effect.delayMs, never)
    }
  }

  #add({ keyPrefix = '', where }: WritePattern, effect: Effect, occurrences: Occurrences): Fault {
    return this.#rules.add(write => write.key.startsWith(keyPrefix) && (where?.(write) ?? true), effect, occurrences)
  }
}
