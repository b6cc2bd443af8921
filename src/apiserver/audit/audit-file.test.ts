import assert from 'node:assert/strict'
import { appendFile, mkdtempDisposable, readdir, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { VirtualClock } from '#base/clock.ts'
import { type Logger, silentLogger } from '#base/log.ts'
import { AuditFile } from './audit-file.ts'
import { AuditLog } from './audit-log.ts'
import type { AuditRecord } from './audit-record.ts'
import { auditLimits } from './limits.ts'

const newFolder = () => mkdtempDisposable(join(tmpdir(), 'audit-'))

function record(revision: number): AuditRecord {
  return {
    ...{
      revision,
      previousRevision: revision - 1,
      timeMs: revision * 10,
      key: `/registry/pods/default/"${revision}"\n`,
      effect: 'changed',
    },
    ...{ verb: 'update', subresource: 'status', user: 'tester', userAgent: 'test/1', fieldManager: 'test', cause: { reason: 'a\nb' } },
  }
}

const open = (folder: string, options: { clock?: VirtualClock; log?: Logger; bytesMax?: number } = {}) =>
  new AuditFile({ folder, clock: new VirtualClock(), log: silentLogger, ...options })

async function write(folder: string, revisions: readonly number[], options?: { bytesMax?: number }): Promise<void> {
  await using file = open(folder, options)
  for (const revision of revisions) file.append(record(revision))
}

async function revisionsIn(folder: string): Promise<number[]> {
  await using file = open(folder)
  return (await file.read()).map(({ revision }) => revision)
}

test('audit file: what was recorded comes back, over several starts', async () => {
  await using folder = await newFolder()
  assert.deepEqual(await revisionsIn(folder.path), [])
  await write(folder.path, [1, 2])
  await write(folder.path, [3])
  await using file = open(folder.path)
  assert.deepEqual(await file.read(), [record(1), record(2), record(3)])
  assert.equal((await stat(join(folder.path, 'audit.jsonl'))).mode & 0o777, 0o600)
})

test('audit file: records are written together, a moment later', async () => {
  await using folder = await newFolder()
  const clock = new VirtualClock()
  await using file = open(folder.path, { clock })
  file.append(record(1))
  file.append(record(2))
  await clock.advance(auditLimits.batchMs - 1)
  assert.deepEqual(await file.read(), [])
  await clock.advance(1)
  assert.deepEqual((await file.read()).length, 2)
  assert.equal(clock.waiting, 0)
})

test('audit file: many at once do not wait for the clock', async () => {
  await using folder = await newFolder()
  await using file = open(folder.path)
  for (let revision = 1; revision <= auditLimits.batchRecordsMax; revision++) file.append(record(revision))
  assert.equal((await file.read()).length, auditLimits.batchRecordsMax)
})

test('audit file: it does not grow for ever, and loses the oldest', async () => {
  await using folder = await newFolder()
  for (let revision = 1; revision <= 20; revision++) await write(folder.path, [revision], { bytesMax: 1_000 })
  const revisions = await revisionsIn(folder.path)
  assert.deepEqual(
    revisions,
    Array.from(revisions, (_, index) => 21 - revisions.length + index),
  )
  assert.ok(revisions.length >= 4 && revisions.length < 15, `${revisions.length} are left`)
  assert.deepEqual((await readdir(folder.path)).sort(), ['audit.jsonl', 'audit.older.jsonl'])
})

test('audit file: a line that a crash has cut is left out, and spoils no other', async () => {
  await using folder = await newFolder()
  const path = join(folder.path, 'audit.jsonl')
  await write(folder.path, [1, 2])
  await truncate(path, (await stat(path)).size - 20)
  await write(folder.path, [3])
  assert.deepEqual(await revisionsIn(folder.path), [1, 3])
  await appendFile(path, '{}\n[]\nnull\n{"revision":"x"}\n')
  assert.deepEqual(await revisionsIn(folder.path), [1, 3])
})

test('audit file: a disk that refuses is told once, and nobody waits for it', async () => {
  const warnings: string[] = []
  const log: Logger = { ...silentLogger, warn: sentence => warnings.push(sentence) }
  await using folder = await newFolder()
  const missing = join(folder.path, 'missing')
  {
    await using file = open(missing, { log })
    for (let revision = 1; revision <= 2 * auditLimits.batchRecordsMax; revision++) file.append(record(revision))
  }
  assert.deepEqual(warnings, ['cannot write the audit log: what happens now is not kept'])
})

test('audit log with a file: what earlier processes recorded is recalled when it is asked for, up to the state that was found', async () => {
  await using folder = await newFolder()
  // The storage was put back to its state of 3, and 4 and 5 were written anew.
  await write(folder.path, [1, 2, 3, 4, 5, 6])
  await write(folder.path, [4, 5])
  await using file = open(folder.path)
  const log = new AuditLog({ file, foundRevision: 5 })
  log.add({ ...record(6), user: 'new' })
  assert.equal(log.get(3), undefined)
  await log.recall()
  assert.deepEqual(
    Array.from(log.newestFirst(), ({ revision, user }) => `${revision} ${user}`),
    ['6 new', '5 tester', '4 tester', '3 tester', '2 tester', '1 tester'],
  )
})
