import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AuditLog } from './audit-log.ts'
import type { AuditRecord } from './audit-record.ts'
import { StringPool } from './string-pool.ts'

function record(revision: number, changes: Partial<AuditRecord> = {}): AuditRecord {
  const by = { verb: 'update', subresource: '', user: 'tester', userAgent: 'test/1', fieldManager: 'test', cause: undefined }
  return {
    revision,
    previousRevision: 0,
    timeMs: revision * 10,
    key: `/registry/pods/default/${revision}`,
    effect: 'changed',
    ...by,
    ...changes,
  }
}

function logOf(recordsMax: number, ...revisions: number[]): AuditLog {
  const log = new AuditLog({ recordsMax })
  for (const revision of revisions) log.add(record(revision))
  return log
}

const held = (log: AuditLog) => Array.from(log.newestFirst(), ({ revision }) => revision)

test('audit log: nothing recorded', () => {
  const log = logOf(4)
  assert.deepEqual([held(log), log.oldest, log.get(1), log.lastAt(1_000)], [[], undefined, undefined, undefined])
})

test('audit log: the newest are held, each is found by its revision', () => {
  const log = logOf(4, 1, 2, 3, 4, 5, 6)
  assert.deepEqual(held(log), [6, 5, 4, 3])
  assert.equal(log.oldest?.revision, 3)
  assert.equal(log.get(5)?.timeMs, 50)
  assert.deepEqual([log.get(2), log.get(7)], [undefined, undefined])
})

test('audit log: writes that were not recorded leave a gap, not the record of another', () => {
  const log = logOf(4, 1, 2, 7)
  assert.deepEqual(held(log), [7])
  assert.equal(log.get(3), undefined)
})

test('audit log: what comes late is taken in where there is room, and displaces nothing newer', () => {
  const log = logOf(4, 7, 8)
  log.add(record(6))
  log.add(record(4))
  assert.deepEqual(held(log), [8, 7, 6])
})

test('audit log: the last write at a time; none before the first', () => {
  const log = logOf(4, 3, 4, 6)
  const at = (timeMs: number) => log.lastAt(timeMs)?.revision
  assert.deepEqual([at(29), at(30), at(39), at(59), at(60), at(1_000)], [undefined, 3, 3, 4, 6, 6])
})

test('audit log: a copy holds the same, and goes its own way', () => {
  const log = logOf(1_500, 1, 600, 1_501)
  const copy = log.copy()
  log.add(record(1_502))
  copy.add(record(2_100))
  assert.deepEqual(held(log), [1_502, 1_501, 600])
  assert.deepEqual(held(copy), [2_100, 1_501])
})

test('string pool: one copy of each, and never more than so many', () => {
  const pool = new StringPool(2)
  assert.equal(pool.of('a'), 'a')
  for (const text of ['b', 'c', 'd', 'a']) assert.equal(pool.of(text), text)
})
