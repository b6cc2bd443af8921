import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#base/clock.ts'
import { bytes, describeConformance, put, text } from './conformance.ts'
import { StorageConnection } from './connection.ts'
import { MemoryStorage } from './memory/memory-storage.ts'
import type { StorageEvent } from './storage.ts'
import { StorageFaults, type WritePattern } from './storage-faults.ts'

describeConformance('a connection', async use => {
  await using storage = new StorageConnection(new MemoryStorage(), new StorageFaults(new VirtualClock()))
  await use(storage)
})

const closed = { name: 'StorageError', code: 'Closed' }

function start() {
  const clock = new VirtualClock()
  const faults = new StorageFaults(clock)
  const storage = new MemoryStorage()
  return { clock, faults, storage, connection: new StorageConnection(storage, faults) }
}

test('a broken connection: nothing goes through, nothing comes back; the storage serves the next one', async () => {
  const { storage, connection } = start()
  const seen: StorageEvent[] = []
  await connection.watch({ prefix: '/', afterRevision: 0 }, events => seen.push(...events))
  await put(connection, '/a', 'before')
  const underWay = put(connection, '/b', 'under way')
  connection.break()
  await assert.rejects(underWay, closed)
  await assert.rejects(put(connection, '/c', 'after'), closed)
  for (const call of [connection.get('/a'), connection.list('/'), connection.compact(1)]) await assert.rejects(call, closed)
  await assert.rejects(
    connection.watch({ prefix: '/', afterRevision: 0 }, () => undefined),
    closed,
  )
  const next = new StorageConnection(storage)
  await put(next, '/d', 'again')
  assert.deepEqual(
    seen.map(({ key }) => key),
    ['/a'],
  )
  // What was on its way when the connection broke is made, and nobody was told.
  assert.deepEqual(
    (await next.list('/')).values.map(({ key, value }) => `${key} ${text(value)}`),
    ['/a before', '/b under way', '/d again'],
  )
})

test('slow writes: in order, those behind wait; reads do not', async () => {
  const { clock, faults, connection } = start()
  const done: string[] = []
  const write = (key: string) => put(connection, key, 'x').then(() => done.push(key))
  faults.delay({ keyPrefix: '/slow' }, 5_000)
  const writes = [write('/a'), write('/slow'), write('/b')]
  await clock.advance(4_999)
  assert.deepEqual([done, faults.waiting, (await connection.list('/')).values.length], [['/a'], 1, 1])
  await clock.advance(1)
  await Promise.all(writes)
  assert.deepEqual([done, faults.waiting], [['/a', '/slow', '/b'], 0])
  await write('/c')
})

test('slow writes that wait: two of one key are compared when their turn comes', async () => {
  const { clock, faults, connection } = start()
  faults.delay({}, 1_000)
  const first = connection.commit({ key: '/a', expectedRevision: 0, value: bytes('1') })
  const second = connection.commit({ key: '/a', expectedRevision: 0, value: bytes('2') })
  await clock.advance(1_000)
  assert.deepEqual([(await first).committed, (await second).committed], [true, false])
})

test('writes that wait are lost when the connection breaks; released, they go on', async () => {
  const { clock, faults, connection, storage } = start()
  faults.delay({}, 5_000, { times: 2 })
  const lost = assert.rejects(put(connection, '/lost', 'x'), closed)
  connection.break()
  await clock.advance(5_000)
  await lost
  const kept = put(new StorageConnection(storage, faults), '/kept', 'x')
  faults.clear()
  await kept
  assert.deepEqual(
    (await storage.list('/')).values.map(({ key }) => key),
    ['/kept'],
  )
})

test('failed writes are not made; the next one is', async () => {
  const { faults, connection } = start()
  const fault = faults.fail({ where: ({ value }) => value !== undefined }, { nth: 2 })
  await put(connection, '/a', 'x')
  await assert.rejects(put(connection, '/b', 'x'), { code: 'Failed', message: 'cannot write: no space left on device' })
  await put(connection, '/b', 'x')
  assert.equal(fault.hits, 1)
})

test('faults of writes that create, change or delete', async () => {
  const { faults, connection } = start()
  const count = (writes: WritePattern) => faults.interrupt(writes, () => {}, { when: 'after', times: Number.POSITIVE_INFINITY })
  const orders = (['create', 'update', 'delete'] as const).map(operation => count({ operation }))
  const either = count({ operation: ['create', 'delete'], keyPrefix: '/a' })
  const created = await put(connection, '/a', 'x')
  await connection.commit({ key: '/a', expectedRevision: created, value: bytes('y') })
  await put(connection, '/b', 'x')
  await connection.commit({ key: '/a', expectedRevision: created + 1 })
  assert.deepEqual(
    [...orders, either].map(({ hits }) => hits),
    [2, 1, 1, 2],
  )
})
