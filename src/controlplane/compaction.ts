import type { Clock, Due } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { Rounds } from '#base/rounds.ts'
import type { Storage } from '#storage/storage.ts'

/** As kube-apiserver's --etcd-compaction-interval. */
export const defaultHistoryMs = 5 * 60_000
const intervalMinMs = 1_000
const intervalMaxMs = 5 * 60_000

export interface CompactionOptions {
  storage: Storage<unknown>
  /** What is older is forgotten, with the next of the regular looks: after twice this time at the latest. Infinite: nothing ever is. */
  historyMs?: number
  clock: Clock
  log: Logger
}

interface Mark {
  readonly revision: number
  readonly atMs: number
}

/** Where compaction stands. */
export interface CompactionState {
  /** Which revision was the newest when. */
  marks: readonly Mark[]
  /** Of the next look. */
  due: Due
}

/** Keeps the history of a storage short. */
export class Compaction {
  readonly #options: CompactionOptions
  readonly #rounds: Rounds
  #marks: readonly Mark[]
  readonly #due: Due | undefined

  /** @param state of a compaction that this one takes the place of */
  constructor(options: CompactionOptions, state?: CompactionState) {
    const { storage, clock } = options
    this.#options = options
    this.#rounds = new Rounds(clock, () => this.#compact())
    this.#marks = state?.marks ?? [{ revision: storage.revision, atMs: clock.monotonicMs() }]
    this.#due = state?.due
  }

  /** Undefined while it compacts, and when it never does. */
  get state(): CompactionState | undefined {
    const { due } = this.#rounds
    return due && { marks: this.#marks, due }
  }

  /** Compacts until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    if (Number.isFinite(this.#historyMs)) await this.#rounds.run(signal, this.#due ?? this.#intervalMs)
  }

  get #historyMs(): number {
    return this.#options.historyMs ?? defaultHistoryMs
  }

  get #intervalMs(): number {
    return Math.min(Math.max(this.#historyMs, intervalMinMs), intervalMaxMs)
  }

  async #compact(): Promise<number> {
    const { storage, clock, log } = this.#options
    const nowMs = clock.monotonicMs()
    const marks = [...this.#marks, { revision: storage.revision, atMs: nowMs }]
    const old = marks.findLast(({ atMs }) => atMs <= nowMs - this.#historyMs)
    this.#marks = old === undefined ? marks : marks.filter(mark => mark !== old && mark.atMs >= old.atMs)
    if (old !== undefined) await storage.compact(old.revision).catch(error => log.warn('cannot compact the storage', { error }))
    return this.#intervalMs
  }
}
