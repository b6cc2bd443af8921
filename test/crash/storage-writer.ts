/**
 * Writes to the storage in the folder given, as many writers at once, until it is killed; says on standard output what was acknowledged, one
 * line a write: `ack <revision> <key> <value or ->`. Each writer owns its keys and writes to them in turn.
 */
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts'

const [folder = '', writers = '32', keysPerWriter = '3'] = process.argv.slice(2)
const storage = await openSqliteStorage({ folder })
const start = storage.revision
process.stdout.write(`opened ${start}\n`)

async function write(writer: number): Promise<void> {
  for (let turn = 0; ; turn++) {
    const key = `/registry/writer/${writer}/${turn % Number(keysPerWriter)}`
    const newest = await storage.get(key)
    const remove = newest !== undefined && turn % 5 === 4
    const text = `${start}.${writer}.${turn}.`
    const value = Buffer.from(text.padEnd(200 + ((turn * 397) % 3000), 'x'))
    const result = await storage.commit({ key, expectedRevision: newest?.modRevision ?? 0, ...(!remove && { value }) })
    if (!result.committed) throw new Error(`writer ${writer} missed its expectation`)
    process.stdout.write(`ack ${result.revision} ${key} ${remove ? '-' : text}\n`)
    if (writer === 0 && turn % 40 === 39) {
      const before = storage.revision - 200
      await storage.compact(before)
    }
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)))
