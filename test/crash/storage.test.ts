import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { SystemRandom } from '#base/random.ts'
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts'
import type { Storage, StorageEvent } from '#storage/storage.ts'

const makeFolder = () => mkdtempDisposable(join(tmpdir(), 'coxswain-crash-'))
const programPath = (name: string) => join(import.meta.dirname, name)

interface Acknowledged {
  revision: number
  key: string
  /** How the value starts; undefined for a delete. */
  value: string | undefined
}

it('storage: killed at random moments → every acknowledged write is there, each revision once', async () => {
  await using folder = await makeFolder()
  const random = new SystemRandom()
  const acknowledged: Acknowledged[] = []
  for (let round = 0; round < 6; round++) {
    const more = await writeUntilKilled(folder.path, Math.floor(random.next() * 120))
    acknowledged.push(...more)
    await using storage = await openSqliteStorage({ folder: folder.path })
    await check(storage, acknowledged)
  }
  assert(acknowledged.length > 100, 'the writers got somewhere')
})

/** Answers what was acknowledged before the kill, `delayMs` after the first acknowledgement. */
async function writeUntilKilled(folder: string, delayMs: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [programPath('storage-writer.ts'), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const output = text(child.stdout)
  await once(child.stdout, 'data')
  setTimeout(() => child.kill('SIGKILL'), delayMs)
  const [code, signal] = await exited
  assert.deepEqual([code, signal], [null, 'SIGKILL'], 'the writer does not end by itself')
  const lines = (await output).split('\n').slice(0, -1)
  return lines
    .filter(line => line.startsWith('ack '))
    .map(line => {
      const [, revision, key, value] = line.split(' ')
      return { revision: Number(revision), key: key!, value: value === '-' ? undefined : value! }
    })
}

async function check(storage: Storage, acknowledged: readonly Acknowledged[]): Promise<void> {
  const history: StorageEvent[] = []
  using _watch = await storage.watch({ prefix: '', afterRevision: storage.compactedRevision }, events => history.push(...events))
  const wantRevisions = Array.from(
    { length: storage.revision - storage.compactedRevision },
    (_, index) => storage.compactedRevision + 1 + index,
  )
  assert.deepEqual(
    history.map(({ revision }) => revision),
    wantRevisions,
  )
  const byRevision = new Map(history.map(event => [event.revision, event]))
  const newest = new Map<string, Acknowledged>()
  for (const write of acknowledged) {
    if ((newest.get(write.key)?.revision ?? 0) < write.revision) newest.set(write.key, write)
    if (write.revision <= storage.compactedRevision) continue
    const event = byRevision.get(write.revision)
    assert.equal(event?.key, write.key)
    assert.equal(event?.type, write.value === undefined ? 'delete' : 'put')
    if (write.value !== undefined) assert(Buffer.from(event!.value).toString().startsWith(write.value))
  }
  await checkNewest(storage, newest, history)
}

/** What lives is what was acknowledged last, or one of the few writes whose acknowledgement was cut off. */
async function checkNewest(storage: Storage, newest: ReadonlyMap<string, Acknowledged>, history: readonly StorageEvent[]): Promise<void> {
  const { values } = await storage.list('')
  const living = new Map(values.map(stored => [stored.key, stored]))
  const last = new Map(history.map(event => [event.key, event]))
  for (const [key, write] of newest) {
    const event = last.get(key)
    if (event !== undefined && event.revision > write.revision) {
      assert.equal(living.get(key)?.modRevision, event.type === 'put' ? event.revision : undefined)
    } else {
      assert.equal(living.get(key)?.modRevision, write.value === undefined ? undefined : write.revision)
    }
  }
}

it('storage: a disk that refuses → the write and all later ones fail, reads go on, nothing acknowledged is lost', async () => {
  await using folder = await makeFolder()
  const command = `ulimit -f 2048; exec "${process.execPath}" "${programPath('storage-full-disk.ts')}" "${folder.path}"`
  const { stdout } = await promisify(execFile)('sh', ['-c', command])
  const report = JSON.parse(stdout)
  const { acknowledged } = report
  assert(acknowledged > 10)
  assert.deepEqual(report, {
    acknowledged,
    failure: 'Failed,Failed',
    revision: acknowledged,
    heard: acknowledged,
    nextWrite: 'Failed',
    nextDelete: 'Failed',
    get: 5_000,
    getRefused: 'absent',
    listed: acknowledged,
    page: acknowledged - 1,
    replayed: acknowledged,
  })
  await using storage = await openSqliteStorage({ folder: folder.path })
  assert(storage.revision >= acknowledged)
  assert.equal((await storage.list('/k/')).values.length, storage.revision)
})

it('storage: a process that still lives keeps others out; its death lets them in', async () => {
  await using folder = await makeFolder()
  const child = spawn(process.execPath, [programPath('storage-writer.ts'), folder.path, '1'], { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.resume()
  await once(child.stdout, 'data')
  await assert.rejects(openSqliteStorage({ folder: folder.path }), /another process has it open/)
  await kill(child)
  await using storage = await openSqliteStorage({ folder: folder.path })
  assert(storage.revision >= 0)
})

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
