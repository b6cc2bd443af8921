import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { SeededRandom } from '#base/random.ts'
import { put, text } from '../conformance.ts'
import { openSqliteStorage } from './sqlite-storage.ts'

const batchSize = 5
const batchCount = 20

it('sqlite: a write-ahead log cut or spoilt anywhere → opens with a run of whole batches', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'coxswain-storage-'))
  const original = join(folder.path, 'original')
  await using storage = await openSqliteStorage({ folder: original })
  for (let batch = 0; batch < batchCount; batch++) {
    const writes = Array.from({ length: batchSize }, (_, index) => put(storage, `/${batch}/${index}`, `value ${batch}`.repeat(100)))
    await Promise.all(writes)
  }
  const log = readFileSync(join(original, 'storage.db-wal'))
  const random = new SeededRandom(1)
  const found = new Set<number>()
  for (let round = 0; round < 12; round++) {
    const at = Math.floor(random.next() * log.length)
    const torn = Buffer.from(log)
    if (round % 2 === 0) torn.fill(0, at)
    else torn[at] = torn[at]! ^ 0xff
    const copy = join(folder.path, `${round}`)
    mkdirSync(copy)
    copyFileSync(join(original, 'storage.db'), join(copy, 'storage.db'))
    writeFileSync(join(copy, 'storage.db-wal'), torn)
    found.add(await readWholeBatches(copy))
  }
  assert(found.size > 4, 'the cuts differ')
})

/** Opens and checks what is there; answers the number of batches. */
async function readWholeBatches(folder: string): Promise<number> {
  await using storage = await openSqliteStorage({ folder })
  const { values } = await storage.list('')
  assert.equal(storage.revision % batchSize, 0)
  assert.deepEqual(
    values.map(({ modRevision }) => modRevision).toSorted((a, b) => a - b),
    Array.from({ length: storage.revision }, (_, index) => index + 1),
  )
  for (const { key, value } of values) assert.equal(text(value), `value ${key.split('/')[1]}`.repeat(100))
  return storage.revision / batchSize
}
