import { DatabaseSync } from 'node:sqlite'

/** Durable inserts a second of SQLite used plainly, in this thread: a transaction a row, one after the other. Makes the file `path`. */
export function plainSqlitePerSecond(path: string, { valueBytes, count }: { valueBytes: number; count: number }): number {
  const value = Buffer.alloc(valueBytes, 'x')
  const database = new DatabaseSync(path)
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE log (revision INTEGER PRIMARY KEY, key TEXT, value BLOB)',
  )
  database.exec('CREATE UNIQUE INDEX log_by_key ON log (key, revision)')
  const insert = database.prepare('INSERT INTO log (key, value) VALUES (?, ?)')
  const started = performance.now()
  for (let turn = 0; turn < count; turn++) insert.run(`/registry/pods/default/pod-${turn % 64}`, value)
  const perSecond = (count / (performance.now() - started)) * 1000
  database.close()
  return perSecond
}
