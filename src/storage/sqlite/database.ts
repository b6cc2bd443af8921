import type { DatabaseSync } from 'node:sqlite'
import { assert } from '#base/assert.ts'
import type { KeyRange } from '../key-range.ts'
import type { StorageEvent } from '../storage.ts'
import { decodeKey, encodeKey } from './key-encoding.ts'
import { openDatabase } from './open-database.ts'
import { moveVersionsToMemory } from './schema.ts'
import { type EventRow, prepareStatements, type Statements } from './statements.ts'

/** What opening has to know of each key that exists. */
export interface LoadedIndex {
  keys: string[]
  modRevisions: Float64Array<ArrayBuffer>
  createRevisions: Float64Array<ArrayBuffer>
  revision: number
  compactedRevision: number
}

/** A bound greater than any text: SQLite orders every blob after every text. */
const noEnd = new Uint8Array(0)

/**
 * The revisioned log in one SQLite file. Synchronous: lives in a worker thread. Methods throw SQLite's errors; after a write that failed
 * every later one fails too, and reads go on.
 */
export class Database {
  readonly #database: DatabaseSync
  #statements: Statements
  #newestRevision: number
  #indexedRevision: number
  #writeFailure: { error: unknown } | undefined

  /**
   * Opens or creates the database in `folder` and locks it until closed; the lock dies with the process.
   * @throws Error with a sentence for people
   */
  constructor(folder: string) {
    this.#database = openDatabase(folder)
    this.#statements = prepareStatements(this.#database)
    const { indexedRevision, compactedRevision } = this.#progress()
    const [newest] = this.#statements.newestRevision.get() as unknown as [number | null]
    this.#indexedRevision = indexedRevision
    // The newest row is gone when it was a delete and is compacted.
    this.#newestRevision = Math.max(newest ?? 0, compactedRevision)
  }

  /** How many rows the index by key lacks. Reads by key bring it up to date; so should whoever lets this grow. */
  get unindexedCount(): number {
    return this.#newestRevision - this.#indexedRevision
  }

  /** Reads keys and revisions, not values. */
  load(): LoadedIndex {
    this.bringIndexUpToDate()
    const rows = this.#statements.existing.all('', noEnd, this.#newestRevision) as unknown as [string, number, number, number][]
    const keys: string[] = []
    const modRevisions = new Float64Array(rows.length)
    const createRevisions = new Float64Array(rows.length)
    for (const [index, row] of rows.entries()) {
      keys.push(decodeKey(row[0]))
      modRevisions[index] = row[1]
      createRevisions[index] = row[3]
    }
    const { compactedRevision } = this.#progress()
    return { keys, modRevisions, createRevisions, revision: this.#newestRevision, compactedRevision }
  }

  /** Appends events, all or none. Durable when it returns. */
  append(events: readonly StorageEvent[]): void {
    assert(events[0]?.revision === this.#newestRevision + 1, 'a batch follows the one before', () => events[0])
    this.#transaction(() => {
      for (const event of events) {
        const { key, revision, createRevision, previousRevision, value } = event
        const deleted = event.type === 'delete'
        this.#statements.append.run(encodeKey(key), revision, createRevision, previousRevision, deleted ? 1 : 0, deleted ? null : value)
      }
    })
    this.#newestRevision += events.length
  }

  /** The event of a revision; that it is still kept is for the caller to know. For a delete, the value is empty. */
  at(revision: number): StorageEvent {
    const row = this.#statements.at.get(revision)
    assert(row !== undefined, 'what is in use is kept', () => revision)
    return toEvent(row)
  }

  /** The event that made the value of `key` at `revision`. */
  get(key: string, revision: number): StorageEvent | undefined {
    this.bringIndexUpToDate()
    const row = this.#statements.get.get(encodeKey(key), revision)
    const event = row === undefined ? undefined : toEvent(row)
    return event?.type === 'put' ? event : undefined
  }

  /** The events that made the values in a range at `revision`, in key order, at most `limit`. Lazy: end it before anything is written. */
  *list(range: KeyRange, revision: number, limit: number): Generator<StorageEvent> {
    this.bringIndexUpToDate()
    for (const row of this.#statements.list.iterate(encodeKey(range.from), encodedEnd(range), revision, limit)) yield toEvent(row)
  }

  /**
   * Looks at the first `keysMax` keys of a range: how many of them have a value at `revision`, and which was the last one looked at;
   * undefined when there are no more.
   */
  count(range: KeyRange, revision: number, keysMax: number): { live: number; lastKey: string | undefined } {
    this.bringIndexUpToDate()
    const row = this.#statements.count.get(encodeKey(range.from), encodedEnd(range), revision, keysMax)
    const [seen, live, lastKey] = row as unknown as [number, number, string | null]
    return { live, lastKey: seen < keysMax ? undefined : decodeKey(lastKey!) }
  }

  /** The events of a range with `afterRevision < revision <= throughRevision`, in revision order. Lazy, as `list`. */
  *history(range: KeyRange, afterRevision: number, throughRevision: number): Generator<StorageEvent> {
    const rows = this.#statements.history.iterate(afterRevision, throughRevision, encodeKey(range.from), encodedEnd(range))
    for (const row of rows) yield toEvent(row)
  }

  /** From now on, also after a crash, nothing older than `revision` is to be read. Answers from where `collect` has to go on. */
  markCompacted(revision: number): number {
    this.#transaction(() => this.#statements.setCompacted.run(revision))
    return this.#progress().collectedRevision
  }

  /** Removes the rows that were superseded or deleted by an event in `(afterRevision, throughRevision]`. */
  collect(afterRevision: number, throughRevision: number): void {
    this.bringIndexUpToDate()
    const { collectSupersededVersions, collectDeletedVersions, collectSuperseded, collectDeleted, setCollected } = this.#statements
    this.#transaction(() => {
      for (const statement of [collectSupersededVersions, collectDeletedVersions, collectSuperseded, collectDeleted]) {
        statement.run(afterRevision, throughRevision)
      }
      setCollected.run(throughRevision)
    })
  }

  /** Adds to the index by key what was appended since the last time. When the disk refuses, the index goes on in memory. */
  bringIndexUpToDate(): void {
    if (this.unindexedCount === 0) return
    try {
      this.#transaction(() => {
        this.#statements.index.run(this.#indexedRevision)
        this.#statements.setIndexed.run(this.#newestRevision)
      })
    } catch {
      // Not lost: the next write meets the failure and reports it.
      moveVersionsToMemory(this.#database)
      this.#statements = prepareStatements(this.#database)
      this.#statements.index.run(this.#indexedRevision)
    }
    this.#indexedRevision = this.#newestRevision
  }

  close(): void {
    this.#database.close()
  }

  #progress(): { indexedRevision: number; compactedRevision: number; collectedRevision: number } {
    const row = this.#statements.progress.get() as unknown as [number, number, number]
    return { indexedRevision: row[0], compactedRevision: row[1], collectedRevision: row[2] }
  }

  #transaction(write: () => void): void {
    if (this.#writeFailure !== undefined) throw this.#writeFailure.error
    try {
      this.#statements.begin.run()
      write()
      this.#statements.commit.run()
    } catch (error) {
      this.#writeFailure = { error }
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

function toEvent(row: unknown): StorageEvent {
  const [key, revision, createRevision, previousRevision, deleted, value] = row as EventRow
  return { type: deleted === 1 ? 'delete' : 'put', key: decodeKey(key), revision, createRevision, previousRevision, value: value ?? noEnd }
}

function encodedEnd(range: KeyRange): string | Uint8Array {
  return range.end === undefined ? noEnd : encodeKey(range.end)
}
