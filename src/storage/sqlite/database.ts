import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { assert } from '#base/assert.ts'
import type { KeyRange } from '../key-range.ts'
import type { StorageEvent } from '../storage.ts'
import { decodeKey, encodeKey } from './key-encoding.ts'
import { createSchema, isFresh } from './schema.ts'

/** What opening has to know of each key that exists. */
export interface LoadedIndex {
  keys: string[]
  modRevisions: Float64Array<ArrayBuffer>
  createRevisions: Float64Array<ArrayBuffer>
  revision: number
  compactedRevision: number
}

const fileName = 'storage.db'

/** Two to five objects of the usual size share a page. */
const pageSizeBytes = 8192

/** Pages written before the log is folded back into the file: some dozens of MB, which recovery reads in some dozens of ms. */
const checkpointPages = 4_000
const walSizeMaxBytes = 64 * 2 ** 20
const cacheSizeKiB = 8 * 1024

/** A bound greater than any text: SQLite orders every blob after every text. */
const noEnd = new Uint8Array(0)

const newestOfEachKey = `
  SELECT key, max(revision) AS revision, deleted, create_revision FROM log INDEXED BY log_by_key
  WHERE key >= ? AND key < ? AND revision <= ? GROUP BY key`

/** The revisioned log in one SQLite file. Synchronous: lives in a worker thread. Methods throw SQLite's errors. */
export class Database {
  readonly #database: DatabaseSync
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #insert: StatementSync
  readonly #get: StatementSync
  readonly #valueOf: StatementSync
  readonly #list: StatementSync
  readonly #count: StatementSync
  readonly #history: StatementSync

  /**
   * Opens or creates the database in `folder` and locks it until closed; the lock dies with the process.
   * @throws Error with a sentence for people
   */
  constructor(folder: string) {
    this.#database = openLocked(resolve(folder))
    const prepare = (sql: string) => {
      const statement = this.#database.prepare(sql)
      statement.setReturnArrays(true)
      return statement
    }
    this.#begin = prepare('BEGIN IMMEDIATE')
    this.#commit = prepare('COMMIT')
    this.#insert = prepare('INSERT INTO log (revision, key, create_revision, previous_revision, deleted, value) VALUES (?, ?, ?, ?, ?, ?)')
    this.#get = prepare(`
      SELECT key, revision, create_revision, previous_revision, deleted, value FROM log
      WHERE key = ? AND revision <= ? ORDER BY revision DESC LIMIT 1`)
    this.#valueOf = prepare('SELECT value FROM log WHERE revision = ?')
    this.#list = prepare(`
      SELECT log.key, log.revision, log.create_revision, log.previous_revision, log.deleted, log.value
      FROM (${newestOfEachKey} HAVING deleted = 0 LIMIT ?) AS newest CROSS JOIN log ON log.revision = newest.revision`)
    this.#count = prepare(`SELECT count(*), total(deleted = 0), max(key) FROM (${newestOfEachKey} LIMIT ?)`)
    this.#history = prepare(`
      SELECT key, revision, create_revision, previous_revision, deleted,
        CASE deleted WHEN 0 THEN value ELSE (SELECT value FROM log AS previous WHERE previous.revision = log.previous_revision) END
      FROM log WHERE revision > ? AND revision <= ? AND +key >= ? AND +key < ? ORDER BY revision`)
  }

  /** Reads keys and revisions, not values. */
  load(): LoadedIndex {
    const rows = this.#rows(this.#database.prepare(`${newestOfEachKey} HAVING deleted = 0`), '', noEnd, Number.MAX_SAFE_INTEGER)
    const progress = this.#progress()
    const keys: string[] = []
    const modRevisions = new Float64Array(rows.length)
    const createRevisions = new Float64Array(rows.length)
    for (const [index, row] of rows.entries()) {
      keys.push(decodeKey(row[0] as string))
      modRevisions[index] = row[1] as number
      createRevisions[index] = row[3] as number
    }
    const { newest } = this.#database.prepare('SELECT max(revision) AS newest FROM log').get() as { newest: number | null }
    // The newest row is gone when it was a delete and is compacted.
    const revision = Math.max(newest ?? 0, progress.compactedRevision)
    return { keys, modRevisions, createRevisions, revision, compactedRevision: progress.compactedRevision }
  }

  /** Appends events, all or none. Durable when it returns. */
  append(events: readonly StorageEvent[]): void {
    this.#transaction(() => {
      for (const event of events) {
        const deleted = event.type === 'delete'
        this.#insert.run(
          event.revision,
          encodeKey(event.key),
          event.createRevision,
          event.previousRevision,
          deleted ? 1 : 0,
          deleted ? null : event.value,
        )
      }
    })
  }

  /** The value that was written at `revision`; that it is still kept is for the caller to know. */
  valueOf(revision: number): Uint8Array {
    const row = this.#valueOf.get(revision) as unknown as [Uint8Array | null] | undefined
    assert(row?.[0] instanceof Uint8Array, 'a value in use is kept', () => revision)
    return row[0]
  }

  /** The event that made the value of `key` at `revision`. */
  get(key: string, revision: number): StorageEvent | undefined {
    const row = this.#get.get(encodeKey(key), revision)
    const event = row === undefined ? undefined : toEvent(row as unknown as Row)
    return event?.type === 'put' ? event : undefined
  }

  /** The events that made the values in a range at `revision`, in key order, at most `limit`. Lazy: end it before anything else is written. */
  *list(range: KeyRange, revision: number, limit: number): Generator<StorageEvent> {
    for (const row of this.#list.iterate(encodeKey(range.from), encodedEnd(range), revision, limit)) yield toEvent(row as unknown as Row)
  }

  /**
   * Looks at the first `keysMax` keys of a range: how many of them have a value at `revision`, and which was the last one looked at;
   * undefined when there are no more.
   */
  count(range: KeyRange, revision: number, keysMax: number): { live: number; lastKey: string | undefined } {
    const row = this.#count.get(encodeKey(range.from), encodedEnd(range), revision, keysMax)
    const [seen, live, lastKey] = row as unknown as [number, number, string | null]
    return { live, lastKey: seen < keysMax ? undefined : decodeKey(lastKey!) }
  }

  /** The events of a range with `afterRevision < revision <= throughRevision`, in revision order. Lazy, as `list`. */
  *history(range: KeyRange, afterRevision: number, throughRevision: number): Generator<StorageEvent> {
    const rows = this.#history.iterate(afterRevision, throughRevision, encodeKey(range.from), encodedEnd(range))
    for (const row of rows) yield toEvent(row as unknown as Row)
  }

  /** From now on, also after a crash, nothing older than `revision` is to be read. Answers from where `collect` has to go on. */
  markCompacted(revision: number): number {
    this.#transaction(() => this.#database.prepare('UPDATE progress SET compacted_revision = ?').run(revision))
    return this.#progress().collectedRevision
  }

  /** Removes the rows that were superseded or deleted by an event in `(afterRevision, throughRevision]`. */
  collect(afterRevision: number, throughRevision: number): void {
    this.#transaction(() => {
      this.#database
        .prepare(`
          DELETE FROM log WHERE revision IN (
            SELECT previous_revision FROM log WHERE revision > ?1 AND revision <= ?2 AND previous_revision > 0
            UNION ALL SELECT revision FROM log WHERE revision > ?1 AND revision <= ?2 AND deleted = 1)`)
        .run(afterRevision, throughRevision)
      this.#database.prepare('UPDATE progress SET collected_revision = ?').run(throughRevision)
    })
  }

  close(): void {
    this.#database.close()
  }

  #progress(): { compactedRevision: number; collectedRevision: number } {
    const sql = 'SELECT compacted_revision AS compactedRevision, collected_revision AS collectedRevision FROM progress'
    return this.#database.prepare(sql).get() as { compactedRevision: number; collectedRevision: number }
  }

  #rows(statement: StatementSync, ...parameters: (string | number | Uint8Array)[]): unknown[][] {
    statement.setReturnArrays(true)
    return statement.all(...parameters) as unknown as unknown[][]
  }

  #transaction(write: () => void): void {
    this.#begin.run()
    try {
      write()
      this.#commit.run()
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

type Row = [key: string, revision: number, createRevision: number, previousRevision: number, deleted: number, value: Uint8Array | null]

function toEvent(row: Row): StorageEvent {
  const [key, revision, createRevision, previousRevision, deleted, value] = row
  return { type: deleted === 1 ? 'delete' : 'put', key: decodeKey(key), revision, createRevision, previousRevision, value: value ?? noEnd }
}

function encodedEnd(range: KeyRange): string | Uint8Array {
  return range.end === undefined ? noEnd : encodeKey(range.end)
}

function openLocked(folder: string): DatabaseSync {
  const path = join(folder, fileName)
  createPrivately(folder, path)
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // Exclusive locking comes first: SQLite then needs no shared memory file and holds its lock from the first read to the end.
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    const fresh = isFresh(database)
    if (fresh) database.exec(`PRAGMA page_size = ${pageSizeBytes}`)
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    database.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`)
    database.exec(`PRAGMA journal_size_limit = ${walSizeMaxBytes}`)
    database.exec(`PRAGMA cache_size = -${cacheSizeKiB}`)
    if (fresh) createSchema(database)
    else database.exec('BEGIN IMMEDIATE; COMMIT')
    return database
  } catch (error) {
    database.close()
    if (isBusy(error)) throw new Error('another process has it open', { cause: error })
    throw error
  }
}

/** Secrets lie in the values: only the owner may read the files. SQLite gives its log the mode of the database file. */
function createPrivately(folder: string, path: string): void {
  const firstMade = mkdirSync(folder, { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
  if (firstMade === undefined) return
  for (let made = folder; made.length >= firstMade.length; made = dirname(made)) syncFolder(dirname(made))
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5
  return error instanceof Error && 'errcode' in error && (error.errcode as number) % 256 === sqliteBusy
}
