import { assert } from '#base/assert.ts'
import type { CommitResult, StorageError, StorageEvent, Write } from '../storage.ts'
import type { LoadedIndex } from './database.ts'

/** The newest write of a key that exists. */
export interface Version {
  modRevision: number
  createRevision: number
}

/** A write that has its revision but is not durable yet. */
export interface PendingWrite {
  readonly event: StorageEvent
  /** The event is a delete whose last value has to come from the database. */
  readonly valueIsMissing: boolean
  readonly resolve: (result: CommitResult) => void
  readonly reject: (error: StorageError) => void
}

const batchWritesMax = 1_000
const batchBytesMax = 4 * 2 ** 20

/** Checks expectations, gives revisions, and keeps what is not durable yet: one batch under way and the writes that wait for the next. */
export class Sequencer {
  readonly #newest = new Map<string, Version>()
  #assignedRevision: number
  #underWay: PendingWrite[] = []
  #waiting: PendingWrite[] = []

  constructor(loaded: LoadedIndex) {
    this.#assignedRevision = loaded.revision
    for (const [index, key] of loaded.keys.entries()) {
      this.#newest.set(key, { modRevision: loaded.modRevisions[index]!, createRevision: loaded.createRevisions[index]! })
    }
  }

  get hasPending(): boolean {
    return this.#waiting.length > 0 || this.#underWay.length > 0
  }

  get batchIsUnderWay(): boolean {
    return this.#underWay.length > 0
  }

  /** The newest version of a key, durable or not; undefined when it does not exist. */
  newest(key: string): Version | undefined {
    return this.#newest.get(key)
  }

  /** The event of a revision that is not durable yet. */
  pendingAt(revision: number): StorageEvent | undefined {
    const first = (this.#underWay[0] ?? this.#waiting[0])?.event.revision
    if (first === undefined || revision < first) return undefined
    const offset = revision - first
    return (this.#underWay[offset] ?? this.#waiting[offset - this.#underWay.length])?.event
  }

  /** Gives the write, whose expectation holds, its revision. `lastValue` is what a delete deletes, if known. */
  assign(
    write: Write,
    lastValue: Uint8Array | undefined,
    resolve: (result: CommitResult) => void,
    reject: (error: StorageError) => void,
  ): void {
    const before = this.#newest.get(write.key)
    assert((before?.modRevision ?? 0) === write.expectedRevision, 'an expectation is checked before')
    const revision = ++this.#assignedRevision
    const createRevision = before?.createRevision ?? revision
    const event: StorageEvent = {
      type: write.value === undefined ? 'delete' : 'put',
      key: write.key,
      revision,
      value: write.value ?? lastValue ?? new Uint8Array(0),
      createRevision,
      previousRevision: write.expectedRevision,
    }
    if (write.value === undefined) this.#newest.delete(write.key)
    else this.#newest.set(write.key, { modRevision: revision, createRevision })
    this.#waiting.push({ event, valueIsMissing: write.value === undefined && lastValue === undefined, resolve, reject })
  }

  /** Moves the writes that wait, up to the size of a batch, to the batch under way. */
  startBatch(): readonly PendingWrite[] {
    assert(this.#underWay.length === 0, 'one batch at a time')
    let count = 0
    for (let sizeBytes = 0; count < Math.min(this.#waiting.length, batchWritesMax) && sizeBytes < batchBytesMax; count++) {
      sizeBytes += this.#waiting[count]!.event.value.length
    }
    if (count === this.#waiting.length) {
      this.#underWay = this.#waiting
      this.#waiting = []
    } else {
      this.#underWay = this.#waiting.splice(0, count)
    }
    return this.#underWay
  }

  /** The batch under way is durable: takes it, with the values that were missing filled in. */
  finishBatch(missingValues: readonly Uint8Array[]): readonly PendingWrite[] {
    const batch = this.#underWay
    this.#underWay = []
    let filled = 0
    for (const { event, valueIsMissing } of batch) if (valueIsMissing) event.value = missingValues[filled++]!
    assert(filled === missingValues.length, 'every missing value was asked for')
    return batch
  }

  /** Takes everything that is not durable. */
  abandon(): PendingWrite[] {
    const abandoned = [...this.#underWay, ...this.#waiting]
    this.#underWay = []
    this.#waiting = []
    return abandoned
  }
}
