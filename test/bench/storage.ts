import { closeSync, fdatasyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts'
import type { Storage } from '#storage/storage.ts'
import { Etcd } from './etcd.ts'
import { type Load, runLoad } from './load.ts'
import { plainSqlitePerSecond } from './plain-sqlite.ts'
import { type Budget, type Row, withReason } from './row.ts'

const valueSizeBytes = 1_500
const value = Buffer.alloc(valueSizeBytes, 'x')
const keyOf = (client: number) => `/registry/pods/default/pod-${client}`

/** Durable writes of 1.5 KB values, beside the bare disk, SQLite used plainly, and etcd, all on the same disk; then opening and lists. */
export async function benchStorage(): Promise<Row[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'coxswain-bench-'))
  return [
    benchDisk(join(folder.path, 'disk')),
    benchPlainSqlite(join(folder.path, 'plain.db')),
    ...(await benchCommits(join(folder.path, 'commits'))),
    ...(await benchEtcd(join(folder.path, 'etcd'))),
    ...(await benchReads(join(folder.path, 'reads'))),
  ]
}

function benchDisk(path: string): Row {
  const descriptor = openSync(path, 'a')
  const perSecond = runLoop(2_000, () => {
    writeSync(descriptor, value)
    fdatasyncSync(descriptor)
  })
  closeSync(descriptor)
  return { name: 'disk: append and fdatasync, one after the other', value: perSecond, unit: '/s' }
}

function benchPlainSqlite(path: string): Row {
  const perSecond = plainSqlitePerSecond(path, { valueBytes: valueSizeBytes, count: 2_000 })
  return { name: 'plain node:sqlite: a transaction a row, one after the other', value: perSecond, unit: '/s' }
}

async function benchCommits(folder: string): Promise<Row[]> {
  await using storage = await openSqliteStorage({ folder })
  const revisions: number[] = []
  const commit = async (client: number) => {
    // A buffer of its own for each write, as a serialised object would be.
    const write = { key: keyOf(client), expectedRevision: revisions[client] ?? 0, value: Buffer.from(value) }
    const result = await storage.commit(write)
    if (!result.committed) throw new Error('a client is the only writer of its key')
    revisions[client] = result.revision
  }
  await runLoad(64, 5_000, commit)
  const alone = await runLoad(1, 5_000, commit)
  const many = await runLoad(64, 60_000, commit)
  const [aloneRow, ...aloneRows] = loadRows('storage: durable commits', 1, alone, { atLeast: 5_000 })
  const reason = 'a lone write pays one disk sync and two thread wake-ups, nothing to share them with'
  return [withReason(aloneRow!, reason), ...aloneRows, ...loadRows('storage: durable commits', 64, many, { atLeast: 60_000 })]
}

async function benchEtcd(folder: string): Promise<Row[]> {
  if (!Etcd.isInstalled)
    return [{ name: 'etcd: put', value: Number.NaN, unit: '/s', note: 'skipped: the Debian package etcd-server is not installed' }]
  mkdirSync(folder, { mode: 0o700 })
  await using etcd = await Etcd.start(folder)
  const put = (client: number) => etcd.put(Buffer.from(keyOf(client)), value)
  await runLoad(64, 500, put)
  const alone = await runLoad(1, 1_000, put)
  const many = await runLoad(64, 8_000, put)
  return [...loadRows('etcd: put', 1, alone), ...loadRows('etcd: put', 64, many)]
}

function loadRows(what: string, clients: number, load: Load, budget?: Budget): Row[] {
  const name = `${what}, ${clients} client${clients === 1 ? '' : 's'}`
  const note = `p50 ${load.p50Ms.toFixed(2)} ms, p99 ${load.p99Ms.toFixed(2)} ms`
  return [
    { name, value: load.perSecond, unit: '/s', note, ...(budget !== undefined && { budget }) },
    { name: `${name}: CPU of the main thread`, value: load.threadCPUMicroseconds, unit: 'µs' },
  ]
}

async function benchReads(folder: string): Promise<Row[]> {
  const count = 10_000
  const object = Buffer.alloc(3_000, 'x')
  {
    await using storage = await openSqliteStorage({ folder })
    const create = (_: unknown, index: number) =>
      storage.commit({ key: `/registry/configmaps/default/${(index * 7_919) % count}`, expectedRevision: 0, value: object })
    await Promise.all(Array.from({ length: count }, create))
  }
  const openStart = performance.now()
  await using storage = await openSqliteStorage({ folder })
  const openMs = performance.now() - openStart
  return [
    { name: 'storage: open with 10,000 keys of 3 KB', value: openMs, unit: 'ms', budget: { atMost: 100 } },
    { name: 'storage: first list of 10,000 values of 3 KB', value: await timeMs(() => listAll(storage)), unit: 'ms' },
    { name: 'storage: list of 10,000 values of 3 KB', value: await timeMs(() => listAll(storage)), unit: 'ms' },
  ]
}

async function listAll(storage: Storage): Promise<void> {
  await storage.list('/registry/configmaps/')
}

async function timeMs(run: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}

/** Operations a second. */
function runLoop(count: number, operation: () => void): number {
  const start = performance.now()
  for (let turn = 0; turn < count; turn++) operation()
  return (count / (performance.now() - start)) * 1000
}
