import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** A row that describes an event, in the order in which every statement selects it. */
export type EventRow = [
  key: string,
  revision: number,
  createRevision: number,
  previousRevision: number,
  deleted: number,
  value: Uint8Array | null,
]

const newestOfEachKey = `
  SELECT key, max(revision) AS revision, deleted, create_revision FROM versions
  WHERE key >= ? AND key < ? AND revision <= ? GROUP BY key`

const eventColumns = 'log.key, log.revision, log.create_revision, log.previous_revision, log.deleted, log.value'

const superseding = 'FROM log WHERE revision > ? AND revision <= ?'

const sources = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  append: 'INSERT INTO log (key, revision, create_revision, previous_revision, deleted, value) VALUES (?, ?, ?, ?, ?, ?)',
  newestRevision: 'SELECT max(revision) FROM log',
  progress: 'SELECT indexed_revision, compacted_revision, collected_revision FROM progress',

  index: `
    INSERT INTO versions (key, revision, deleted, create_revision)
    SELECT key, revision, deleted, create_revision FROM log WHERE revision > ? ORDER BY key, revision`,
  setIndexed: 'UPDATE progress SET indexed_revision = ?',

  at: `SELECT ${eventColumns} FROM log WHERE revision = ?`,
  get: `
    SELECT ${eventColumns} FROM log WHERE revision =
      (SELECT revision FROM versions WHERE key = ? AND revision <= ? ORDER BY revision DESC LIMIT 1)`,
  /** The cross join keeps the order of the keys. */
  list: `
    SELECT ${eventColumns} FROM (${newestOfEachKey} HAVING deleted = 0 LIMIT ?) AS newest
    CROSS JOIN log ON log.revision = newest.revision`,
  count: `SELECT count(*), total(deleted = 0), max(key) FROM (${newestOfEachKey} LIMIT ?)`,
  existing: `${newestOfEachKey} HAVING deleted = 0`,
  /** The value of a delete is the one deleted. Goes by revision: the plus signs keep SQLite from looking for another way. */
  history: `
    SELECT key, revision, create_revision, previous_revision, deleted,
      CASE deleted WHEN 0 THEN value ELSE (SELECT value FROM log AS previous WHERE previous.revision = log.previous_revision) END
    FROM log WHERE revision > ? AND revision <= ? AND +key >= ? AND +key < ? ORDER BY revision`,

  setCompacted: 'UPDATE progress SET compacted_revision = ?',
  setCollected: 'UPDATE progress SET collected_revision = ?',
  collectSupersededVersions: `DELETE FROM versions WHERE (key, revision) IN (SELECT key, previous_revision ${superseding})`,
  collectDeletedVersions: `DELETE FROM versions WHERE (key, revision) IN (SELECT key, revision ${superseding} AND deleted = 1)`,
  collectSuperseded: `DELETE FROM log WHERE revision IN (SELECT previous_revision ${superseding})`,
  collectDeleted: `DELETE FROM log WHERE revision > ? AND revision <= ? AND deleted = 1`,
} as const

export type Statements = Record<keyof typeof sources, StatementSync>

/** Prepares every statement there is. Rows come as arrays. */
export function prepareStatements(database: DatabaseSync): Statements {
  const entries = Object.entries(sources).map(([name, sql]) => {
    const statement = database.prepare(sql)
    statement.setReturnArrays(true)
    return [name, statement] as const
  })
  return Object.fromEntries(entries) as Statements
}
