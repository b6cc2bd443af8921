import type { DatabaseSync } from 'node:sqlite'

/** Raised by one with every change that an older program must not touch. Kept in SQLite's `user_version`. */
export const schemaVersion = 1

/** Marks the file as ours in SQLite's `application_id` ("CXSW"). */
const applicationId = 0x43585357

/*
 * `log` has one row a revision, the value null for a delete; it only grows at its end, so that a batch dirties few pages.
 * `versions` is its index by key with all that opening and counting need, so that neither reads values. It is brought up to date in bulk
 * (`indexed_revision` says how far), because keys lie scattered and nearly every row would dirty a page of its own.
 * Rows superseded or deleted up to `collected_revision` are gone.
 */
const definition = `
  CREATE TABLE log (
    revision          INTEGER PRIMARY KEY,
    key               TEXT NOT NULL,
    create_revision   INTEGER NOT NULL,
    previous_revision INTEGER NOT NULL,
    deleted           INTEGER NOT NULL,
    value             BLOB
  ) STRICT;
  CREATE TABLE versions (
    key             TEXT NOT NULL,
    revision        INTEGER NOT NULL,
    deleted         INTEGER NOT NULL,
    create_revision INTEGER NOT NULL,
    PRIMARY KEY (key, revision)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE progress (
    indexed_revision   INTEGER NOT NULL,
    compacted_revision INTEGER NOT NULL,
    collected_revision INTEGER NOT NULL
  ) STRICT;
  INSERT INTO progress VALUES (0, 0, 0);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`

/**
 * Whether the file still needs its schema. Changes nothing.
 * @throws Error for a file that is not ours or that a newer program wrote
 */
export function isFresh(database: DatabaseSync): boolean {
  const version = readPragma(database, 'user_version')
  const id = readPragma(database, 'application_id')
  if (id === applicationId && version === schemaVersion) return false
  if (id === applicationId && version > schemaVersion) {
    throw new Error(`its schema version is ${version}, this program knows ${schemaVersion}: use the program that wrote it, or a newer one`)
  }
  const { count } = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get() as { count: number }
  if (version !== 0 || id !== 0 || count !== 0) throw new Error('it is the SQLite database of some other program')
  return true
}

export function createSchema(database: DatabaseSync): void {
  database.exec(`BEGIN IMMEDIATE; ${definition} COMMIT`)
}

/** Makes a copy of `versions` in memory, which from then on has its name. For a disk that can be read but not written. */
export function moveVersionsToMemory(database: DatabaseSync): void {
  database.exec(`
    CREATE TEMP TABLE versions (key, revision, deleted, create_revision, PRIMARY KEY (key, revision)) WITHOUT ROWID;
    INSERT INTO temp.versions SELECT key, revision, deleted, create_revision FROM main.versions;
  `)
}

function readPragma(database: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return (database.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name]!
}
