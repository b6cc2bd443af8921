import type { Clock } from '#base/clock.ts'
import { Delays } from '#base/delays.ts'
import { type Fault, FaultRules, type Occurrences } from '#base/fault-rules.ts'
import { requireKnownFields, requireMilliseconds, requireOneOf } from '#base/known-fields.ts'
import { StorageError, type Write } from './storage.ts'

/** What a write does to its key. */
export type WriteOperation = 'create' | 'update' | 'delete'

/** Which writes a fault concerns. An empty one concerns all. */
export interface WritePattern<V = Uint8Array> {
  /** `/registry/pods/`, `/registry/pods/default/web`. */
  keyPrefix?: string
  operation?: WriteOperation | readonly WriteOperation[]
  /** Asked last. What it is given is its own. */
  where?: (write: Write<V>) => boolean
}

type Moment = 'before' | 'after'

type Effect =
  | { type: 'delay'; delayMs: number }
  | { type: 'fail'; message: string }
  | { type: 'interrupt'; when: Moment; act: () => void }
  | { type: 'restart'; when: Moment }

export interface StorageFaultsOptions<V> {
  /** The write as functions of the caller are shown it, who might change it. Left out: as it is. */
  shown?: (write: Write<V>) => Write<V>
  /** Of the faults between others whose place is taken. */
  state?: StorageFaultsState<V> | undefined
}

/** What is ordered. */
export type StorageFaultsState<V = Uint8Array> = FaultRules<Write<V>, Effect>

/** What happens to a write. */
export interface Admission {
  /** Resolves when the write may be made; rejects with StorageError Failed. Undefined: at once. */
  turn: Promise<void> | undefined
  /** To be called when it is made, before anybody is told. */
  made(): void
}

const never = new AbortController().signal

/** What goes wrong between API servers and their storage. Every order can be taken back by disposing what it returns. */
export class StorageFaults<V = Uint8Array> {
  readonly #rules: StorageFaultsState<V>
  readonly #delays: Delays
  readonly #shown: (write: Write<V>) => Write<V>
  /** Resolves when the write that came last has gone on. */
  #last: Promise<void> | undefined
  /** Replaced by `clear`: who waited before it does not wait again. */
  #order = {}

  /** What `restartAt` does: given by whoever can. */
  onRestart: () => void = () => {}

  constructor(clock: Clock, { shown = write => write, state }: StorageFaultsOptions<V> = {}) {
    this.#delays = new Delays(clock)
    this.#rules = state?.copy() ?? new FaultRules()
    this.#shown = shown
  }

  /** A copy, without what calls functions of the caller: they would reach into where they were given. */
  get state(): StorageFaultsState<V> {
    const copy = this.#rules.copy()
    copy.keep(({ type }) => type !== 'interrupt')
    return copy
  }

  /** See `FaultRules.find`. */
  find(fault: Fault): Fault | undefined {
    return this.#rules.find(fault)
  }

  /** Writes that wait for time to go on. */
  get waiting(): number {
    return this.#delays.waiting
  }

  /** Writes take longer, as with a slow disk: those behind wait, too. What waits when the API server dies is lost. */
  delay(writes: WritePattern<V>, delayMs: number, occurrences: Occurrences = {}): Fault {
    return this.#add(writes, { type: 'delay', delayMs }, occurrences)
  }

  /** Writes fail, as with a full disk: they are not made, and their clients get a 500. */
  fail(
    writes: WritePattern<V>,
    { message = 'cannot write: no space left on device', ...occurrences }: Occurrences & { message?: string } = {},
  ): Fault {
    return this.#add(writes, { type: 'fail', message }, occurrences)
  }

  /** Calls `act` right before a write is made, or after it is and before anybody is told. */
  interrupt(writes: WritePattern<V>, act: () => void, { when, ...occurrences }: Occurrences & { when: Moment }): Fault {
    return this.#add(writes, { type: 'interrupt', when, act }, occurrences)
  }

  /** The API server dies and comes up again, right before a write is made, or after it is and before anybody is told. */
  restartAt(writes: WritePattern<V>, { when, ...occurrences }: Occurrences & { when: Moment }): Fault {
    return this.#add(writes, { type: 'restart', when }, occurrences)
  }

  /** Nothing more is ordered; what waits goes on now. */
  clear(): void {
    this.#rules.clear()
    this.#order = {}
    this.#delays.release()
  }

  /** Decides about a write: undefined lets it pass. */
  admit(write: Write<V>): Admission | undefined {
    if (this.#rules.isEmpty && this.#last === undefined) return undefined
    const effects = this.#rules.due(write)
    const later = effects.filter(effect => 'when' in effect && effect.when === 'after')
    const turn = effects.length > later.length || this.#last !== undefined ? this.#queue(effects) : undefined
    return { turn, made: () => later.forEach(effect => this.#interrupt(effect)) }
  }

  #queue(effects: readonly Effect[]): Promise<void> {
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
      if (effect.type === 'delay') await this.#delays.sleep(effect.delayMs, never)
      else if (effect.when === 'before') this.#interrupt(effect)
    }
  }

  #interrupt(effect: Effect): void {
    if (effect.type === 'interrupt') effect.act()
    else if (effect.type === 'restart') this.onRestart()
  }

  #add(writes: WritePattern<V>, effect: Effect, occurrences: Occurrences): Fault {
    requireKnownFields('which writes', writes, ['keyPrefix', 'operation', 'where'])
    const { keyPrefix = '', operation, where } = writes
    for (const each of operation === undefined ? [] : [operation].flat())
      requireOneOf('the operation of writes', each, ['create', 'update', 'delete'])
    if (effect.type === 'delay') requireMilliseconds('a delay in milliseconds', effect.delayMs)
    if ('when' in effect) requireOneOf('when', effect.when, ['before', 'after'])
    const operations = operation === undefined ? undefined : [operation].flat()
    // Copies outlive this: what they ask must not hold it.
    const shown = this.#shown
    const concerns = (write: Write<V>) =>
      write.key.startsWith(keyPrefix) && (operations?.includes(operationOf(write)) ?? true) && (where?.(shown(write)) ?? true)
    return this.#rules.add(concerns, effect, occurrences)
  }
}

function operationOf({ value, expectedRevision }: Write<unknown>): WriteOperation {
  if (value === undefined) return 'delete'
  return expectedRevision === 0 ? 'create' : 'update'
}
