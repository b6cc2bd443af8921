import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createSchema, isFresh } from './schema.ts'

const fileName = 'storage.db'

/** Two to five objects of the usual size share a page. */
const pageSizeBytes = 8192

/** Pages written before the write-ahead log is folded back into the file: some 4 MB, a few ms of work. */
const checkpointPages = 500
const walSizeMaxBytes = 16 * 2 ** 20
const cacheSizeKiB = 8 * 1024

/**
 * Opens or creates the database in `folder` and locks it until closed; the lock dies with the process.
 * @throws Error with a sentence for people
 */
export function openDatabase(folder: string): DatabaseSync {
  const path = join(resolve(folder), fileName)
  createPrivately(path)
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // Exclusive locking comes first: SQLite then needs no shared memory file and holds its lock from the first read to the end.
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    const fresh = isFresh(database)
    if (fresh) database.exec(`PRAGMA page_size = ${pageSizeBytes}`)
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    database.exec('PRAGMA temp_store = MEMORY')
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
function createPrivately(path: string): void {
  const folder = dirname(path)
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
