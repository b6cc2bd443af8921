import { runLoad } from './load.ts'
import { LoadClient } from './load-client.ts'
import { configMap, configMapsPath, namespace } from './objects.ts'
import { type Row, withReason } from './row.ts'
import type { ServerProcess } from './server-process.ts'

const watchers = 200
const connections = 8
const writes = 1_500
const newline = '\n'.charCodeAt(0)

/** What it costs the server to deliver one event to one watcher: the CPU of writes that are watched, less that of the same writes unwatched. */
export async function benchWatch(server: ServerProcess): Promise<Row> {
  using client = await LoadClient.open(server.config, { connections })
  await client.create(0, '/api/v1/namespaces', namespace('watched'))
  const path = configMapsPath('watched')
  let turn = 0
  const write = () =>
    runLoad(64, writes, async index => {
      await client.create(index, path, configMap('watched', `object-${turn++}`))
    })
  const cpuOf = async (work: () => Promise<unknown>) => {
    const before = await server.usage()
    await work()
    return (await server.usage()).cpuMicroseconds - before.cpuMicroseconds
  }
  await write()
  const unwatchedMicroseconds = await cpuOf(write)
  await using delivered = await startWatches(server, path)
  const watchedMicroseconds = await cpuOf(async () => {
    await write()
    await delivered.all
  })
  const row: Row = {
    name: `API: watch, server CPU of an event delivered to one of ${watchers} watchers`,
    value: (watchedMicroseconds - unwatchedMicroseconds) / (writes * watchers),
    unit: 'µs',
    budget: { atMost: 2 },
    note: `${(writes * watchers).toLocaleString('en-US')} events of 3.1 KB; with the writes ${(watchedMicroseconds / (writes * watchers)).toFixed(2)} µs`,
  }
  return withReason(row, 'more than half of it is native: TLS and the kernel move each 3.1 KB')
}

/** Watches that have begun; `all` resolves when each has had every event of the coming writes. */
async function startWatches(server: ServerProcess, path: string): Promise<{ all: Promise<void> } & AsyncDisposable> {
  const client = await LoadClient.open(server.config, { connections })
  const all = Promise.withResolvers<void>()
  const expected = writes * watchers
  let seen = 0
  const { metadata } = JSON.parse((await client.get(0, `${path}?limit=1`)).body.toString()) as { metadata: { resourceVersion: string } }
  for (let index = 0; index < watchers; index++) {
    client.follow(index, `${path}?watch=true&resourceVersion=${metadata.resourceVersion}`, chunk => {
      seen += countLines(chunk)
      if (seen >= expected) all.resolve()
    })
  }
  // Answered in order on each connection: then the watches before it have begun, too.
  await Promise.all(Array.from({ length: connections }, (_, index) => client.get(index, '/readyz')))
  return { all: all.promise, [Symbol.asyncDispose]: async () => client[Symbol.dispose]() }
}

function countLines(chunk: Buffer): number {
  let count = 0
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) count += 1
  return count
}
