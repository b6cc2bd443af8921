import { type Logger, silentLogger } from '#base/log.ts'
import { EventBus, underPrefix } from '../event-bus.ts'
import { rangeOf } from '../key-range.ts'
import { checkRevision } from '../revision-check.ts'
import {
  type CommitResult,
  type ListOptions,
  type ListResult,
  type Storage,
  StorageError,
  type StorageEvent,
  type StorageListener,
  type StoredValue,
  type Write,
} from '../storage.ts'
import type { LoadedIndex } from './database.ts'
import { EventRing, type EventRingLimits } from './event-ring.ts'
import type { PageLimits } from './protocol.ts'
import { Sequencer, type Version } from './sequencer.ts'
import { type Question, WorkerClient } from './worker-client.ts'

export interface SqliteStorageOptions {
  /** Where the database lives; made if missing, readable by its owner only. One process at a time may have it open. */
  folder: string
  log?: Logger
  /** Recent events kept in memory, for watches that start in the recent past. */
  ring?: EventRingLimits
  /** How long requests are cut up in the thread that owns the database. */
  pages?: PageLimits
}

const defaultRing: EventRingLimits = { eventsMax: 1_024, bytesMax: 2 * 2 ** 20 }
const defaultPages: PageLimits = { rowsMax: 500, bytesMax: 256 * 2 ** 10 }

/**
 * Opens storage in an SQLite database, whose thread is the only one that touches the disk. Writes that come while the disk is busy share
 * the next transaction. Opening is recovery: what was acknowledged is there, whatever ended the process before.
 * @throws StorageError Failed: locked by another process, written by a newer program, not a database, no access
 */
export async function openSqliteStorage(options: SqliteStorageOptions): Promise<Storage> {
  const { client, index } = await WorkerClient.start({ folder: options.folder, pages: options.pages ?? defaultPages })
  return new SqliteStorage(client, index, options)
}

class SqliteStorage implements Storage {
  readonly #client: WorkerClient
  readonly #sequencer: Sequencer
  readonly #ring: EventRing
  readonly #bus = new EventBus()
  readonly #log: Logger
  #revision: number
  #compactedRevision: number
  #flushIsScheduled = false
  #failure: string | undefined
  #closed: Promise<void> | undefined
  #onDrained: (() => void) | undefined

  constructor(client: WorkerClient, index: LoadedIndex, options: SqliteStorageOptions) {
    this.#client = client
    this.#sequencer = new Sequencer(index)
    this.#ring = new EventRing(options.ring ?? defaultRing, index.revision)
    this.#log = options.log ?? silentLogger
    this.#revision = index.revision
    this.#compactedRevision = index.compactedRevision
    client.listen({ onAppended: missingValues => this.#finishBatch(missingValues), onFailed: message => this.#fail(message) })
  }

  get revision(): number {
    return this.#revision
  }

  get compactedRevision(): number {
    return this.#compactedRevision
  }

  async get(key: string, options?: { revision?: number }): Promise<StoredValue | undefined> {
    this.#checkOpen()
    const revision = options?.revision ?? this.#revision
    checkRevision(this, revision)
    const newest = this.#sequencer.newest(key)
    const newestIsDurable = !this.#sequencer.hasPending && this.#failure === undefined
    if (newest === undefined && newestIsDurable && revision === this.#revision) return undefined
    if (newest !== undefined && newest.modRevision <= revision) return this.#readNewest(newest)
    return this.#read({ kind: 'get', key, revision })
  }

  async list(prefix: string, options?: ListOptions): Promise<ListResult> {
    this.#checkOpen()
    const revision = options?.revision ?? this.#revision
    checkRevision(this, revision)
    const values: StoredValue[] = []
    const question = { kind: 'list', range: rangeOf(prefix, options?.startAfter), revision, limit: options?.limit } as const
    const { remaining } = await this.#client.ask(question, page => {
      for (const event of page) values.push(toStoredValue(event))
    })
    return { values, revision, remaining: remaining ?? 0 }
  }

  async commit(write: Write): Promise<CommitResult> {
    this.#checkOpen()
    this.#checkWritable()
    const newest = this.#sequencer.newest(write.key)
    if ((newest?.modRevision ?? 0) !== write.expectedRevision || (newest === undefined && write.value === undefined)) {
      return { committed: false, current: newest && (await this.#readNewest(newest)) }
    }
    const lastValue = newest && write.value === undefined ? this.#eventInMemory(newest.modRevision)?.value : undefined
    return new Promise((resolve, reject) => {
      this.#sequencer.assign(write, lastValue, resolve, reject)
      this.#scheduleFlush()
    })
  }

  async watch(options: { prefix: string; afterRevision: number }, listener: StorageListener): Promise<Disposable> {
    this.#checkOpen()
    checkRevision(this, options.afterRevision)
    const { prefix } = options
    let seenRevision = options.afterRevision
    while (seenRevision < this.#ring.floorRevision) {
      seenRevision = await this.#replay(prefix, seenRevision, listener)
      this.#checkOpen()
    }
    const recent = underPrefix(this.#ring.after(seenRevision), prefix)
    const watch = this.#bus.add(prefix, this.#revision, listener)
    if (recent.length > 0) listener(recent)
    return watch
  }

  async compact(beforeRevision: number): Promise<void> {
    this.#checkOpen()
    if (beforeRevision <= this.#compactedRevision) return
    checkRevision(this, beforeRevision)
    this.#compactedRevision = beforeRevision
    await this.#client.ask({ kind: 'compact', revision: beforeRevision })
  }

  close(): Promise<void> {
    this.#closed ??= this.#drainAndClose()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Gives the history up to now from the database to the listener; answers how far that is. */
  async #replay(prefix: string, afterRevision: number, listener: StorageListener): Promise<number> {
    checkRevision(this, afterRevision)
    const throughRevision = this.#revision
    await this.#client.ask({ kind: 'history', range: rangeOf(prefix), afterRevision, throughRevision }, page => {
      if (page.length > 0) listener(page)
    })
    return throughRevision
  }

  /** The value of a version that is the newest of its key, durable or not. */
  async #readNewest({ modRevision }: Version): Promise<StoredValue | undefined> {
    const event = this.#eventInMemory(modRevision)
    return event === undefined ? this.#read({ kind: 'at', revision: modRevision }) : toStoredValue(event)
  }

  async #read(question: Question & { kind: 'at' | 'get' }): Promise<StoredValue | undefined> {
    let value: StoredValue | undefined
    await this.#client.ask(question, ([event]) => {
      value = event && toStoredValue(event)
    })
    return value
  }

  #eventInMemory(revision: number): StorageEvent | undefined {
    return this.#sequencer.pendingAt(revision) ?? this.#ring.at(revision)
  }

  /** Starts a batch once everything that came in this turn of the event loop has had the chance to add its writes. */
  #scheduleFlush(): void {
    if (this.#flushIsScheduled || this.#sequencer.batchIsUnderWay) return
    this.#flushIsScheduled = true
    setImmediate(() => {
      this.#flushIsScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#sequencer.batchIsUnderWay) return
    const batch = this.#sequencer.startBatch()
    if (batch.length === 0) return
    const missingValues = batch.filter(write => write.valueIsMissing).map(({ event }) => event.previousRevision)
    this.#client.append(
      batch.map(({ event }) => event),
      missingValues,
    )
  }

  /** The batch under way is durable: the disk gets the next one while listeners, then writers, hear of this one. */
  #finishBatch(missingValues: readonly Uint8Array[]): void {
    const batch = this.#sequencer.finishBatch(missingValues)
    const events = batch.map(({ event }) => event)
    this.#flush()
    this.#ring.push(events)
    this.#revision = events.at(-1)!.revision
    this.#bus.publish(events)
    for (const { event, resolve } of batch) resolve({ committed: true, revision: event.revision })
    if (!this.#sequencer.hasPending) this.#onDrained?.()
  }

  #fail(message: string): void {
    if (this.#failure !== undefined) return
    this.#failure = message
    this.#log.error('storage failed: writes are refused from now on', { error: message })
    for (const { reject } of this.#sequencer.abandon()) reject(this.#newFailure())
    this.#onDrained?.()
  }

  async #drainAndClose(): Promise<void> {
    if (this.#sequencer.hasPending) {
      await new Promise<void>(resolve => {
        this.#onDrained = resolve
      })
    }
    await this.#client.close()
    this.#bus.clear()
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new StorageError('Closed', 'cannot use storage: it is closed')
  }

  #checkWritable(): void {
    if (this.#failure !== undefined) throw this.#newFailure()
  }

  #newFailure(): StorageError {
    return new StorageError('Failed', `cannot write to storage: ${this.#failure}`)
  }
}

function toStoredValue(event: StorageEvent): StoredValue {
  return { key: event.key, value: event.value, modRevision: event.revision, createRevision: event.createRevision }
}
