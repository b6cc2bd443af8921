import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { bytes, describeConformance, put, text } from '../conformance.ts'
import { MemoryStorage } from '../memory/memory-storage.ts'
import { type Storage, StorageError } from '../storage.ts'
import { openSqliteStorage } from './sqlite-storage.ts'

const makeFolder = () => mkdtempDisposable(join(tmpdir(), 'coxswain-storage-'))

const textsOf = async (storage: Storage) => (await storage.list('/')).values.map(stored => ({ ...stored, value: text(stored.value) }))

describeConformance('sqlite', async use => {
  await using folder = await makeFolder()
  await using storage = await openSqliteStorage({ folder: folder.path })
  await use(storage)
})

describeConformance('sqlite with little memory and small pages', async use => {
  await using folder = await makeFolder()
  const options = { folder: folder.path, ring: { eventsMax: 3, bytesMax: 50 }, pages: { rowsMax: 40, bytesMax: 100 } }
  await using storage = await openSqliteStorage(options)
  await use(storage)
})

describe('sqlite: copied into memory', () => {
  it('has the same values and revisions, and goes its own way', async () => {
    await using folder = await makeFolder()
    await using storage = await openSqliteStorage({ folder: folder.path })
    for (const key of ['/a', '/b', '/c']) await put(storage, key, key)
    await put(storage, '/a', 'two', 1)
    await storage.commit({ key: '/c', expectedRevision: 3 })
    await using copy = await MemoryStorage.copyOf(storage)
    assert.deepEqual([copy.revision, copy.compactedRevision], [5, 5])
    assert.deepEqual(await textsOf(copy), await textsOf(storage))
    assert.equal(await put(copy, '/a', 'three', 4), 6)
    assert.equal(text((await storage.get('/a'))!.value), 'two')
  })
})

describe('sqlite: opening', () => {
  it('finds everything again', async () => {
    await using folder = await makeFolder()
    {
      await using storage = await openSqliteStorage({ folder: join(folder.path, 'made', 'here') })
      for (const key of ['/a', '/b', '/c']) await put(storage, key, 'one')
      await put(storage, '/a', 'two', 1)
      await storage.commit({ key: '/c', expectedRevision: 3 })
      await storage.compact(5)
    }
    await using storage = await openSqliteStorage({ folder: join(folder.path, 'made', 'here') })
    assert.deepEqual([storage.revision, storage.compactedRevision], [5, 5])
    const { values } = await storage.list('/')
    assert.deepEqual(
      values.map(({ key, value, modRevision, createRevision }) => [key, text(value), modRevision, createRevision]),
      [
        ['/a', 'two', 4, 1],
        ['/b', 'one', 2, 2],
      ],
    )
    const missed = await storage.commit({ key: '/b', expectedRevision: 0, value: bytes('x') })
    assert(!missed.committed && text(missed.current!.value) === 'one')
    assert.equal(await put(storage, '/c', 'new'), 6)
  })

  it('makes files that only their owner can read', async () => {
    await using folder = await makeFolder()
    await using storage = await openSqliteStorage({ folder: join(folder.path, 'new') })
    await put(storage, '/a', 'secret')
    for (const name of ['', 'storage.db', 'storage.db-wal']) {
      assert.equal(statSync(join(folder.path, 'new', name)).mode & 0o077, 0, name)
    }
  })

  it('refuses while somebody else has it open', async () => {
    await using folder = await makeFolder()
    {
      await using _first = await openSqliteStorage({ folder: folder.path })
      await refuses(folder.path, /another process has it open/)
    }
    await using _second = await openSqliteStorage({ folder: folder.path })
  })

  const foreign: { name: string; make: (database: DatabaseSync) => void; want: RegExp }[] = [
    {
      name: 'a newer schema',
      make: database => database.exec(`PRAGMA application_id = ${0x43585357}; PRAGMA user_version = 2; CREATE TABLE future (x)`),
      want: /its schema version is 2, this program knows 1/,
    },
    { name: "another program's database", make: database => database.exec('CREATE TABLE notes (x)'), want: /some other program/ },
  ]
  for (const { name, make, want } of foreign) {
    it(`refuses ${name}`, async () => {
      await using folder = await makeFolder()
      const database = new DatabaseSync(join(folder.path, 'storage.db'))
      make(database)
      database.close()
      await refuses(folder.path, want)
    })
  }

  it('refuses a folder that cannot be one', async () => {
    await refuses('/dev/null/storage', /cannot open storage in "\/dev\/null\/storage": .*ENOTDIR/)
  })

  async function refuses(folder: string, want: RegExp): Promise<void> {
    await assert.rejects(openSqliteStorage({ folder }), (error: unknown) => {
      assert(error instanceof StorageError)
      assert.equal(error.code, 'Failed')
      assert.match(error.message, want)
      return true
    })
  }
})
