/**
 * Writes to the storage in the folder given until the disk refuses (the caller limits the size of files), then says on standard output,
 * as JSON, what was acknowledged and how storage behaves from then on.
 */
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts'
import { StorageError } from '#storage/storage.ts'

const storage = await openSqliteStorage({ folder: process.argv[2] ?? '', ring: { eventsMax: 2, bytesMax: 1 } })
const key = (index: number) => `/k/${index}`
const codeOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof StorageError ? error.code : String(error)),
  )

const heard: number[] = []
await storage.watch({ prefix: '/', afterRevision: 0 }, events => heard.push(...events.map(({ revision }) => revision)))

let acknowledged = 0
let failure = 'none'
for (let index = 1; failure === 'none'; index++) {
  const writes = [0, 1].map(part =>
    storage.commit({ key: key(index * 2 - 1 + part), expectedRevision: 0, value: Buffer.alloc(5_000, index) }),
  )
  const codes = await Promise.all(writes.map(codeOf))
  if (codes.every(code => code === 'done')) acknowledged += 2
  else failure = codes.join()
}

const replayed: number[] = []
const report = {
  acknowledged,
  failure,
  revision: storage.revision,
  heard: heard.length,
  nextWrite: await codeOf(storage.commit({ key: '/later', expectedRevision: 0, value: Buffer.alloc(1) })),
  nextDelete: await codeOf(storage.commit({ key: key(1), expectedRevision: 1 })),
  get: (await storage.get(key(1)))?.value.length,
  getRefused: (await storage.get(key(acknowledged + 1)))?.modRevision ?? 'absent',
  listed: (await storage.list('/k/')).values.length,
  page: (await storage.list('/k/', { limit: 1 })).remaining,
  replayed: await storage
    .watch({ prefix: '/', afterRevision: 0 }, events => replayed.push(...events.map(event => event.revision)))
    .then(() => replayed.length),
}
await storage.close()
process.stdout.write(JSON.stringify(report))
