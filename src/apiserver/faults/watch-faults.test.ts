import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '#apimachinery/status/status.ts'
import { VirtualClock } from '#base/clock.ts'
import { singly } from '#base/testing/singly.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import { ConnectionLostError } from '#client/transport.ts'
import { startTestServer, widgetsPath } from '../testing/test-server.ts'
import { newWidget, type Widget } from '../testing/widget.ts'
import { ServerFaults } from './server-faults.ts'
import type { StoredObject } from '../storage/stored-object.ts'

async function start() {
  const clock = new VirtualClock()
  const storage = new MemoryStorage<StoredObject>()
  const faults = new ServerFaults({ clock, storage })
  const server = await startTestServer({ clock, storage, server: { faults } })
  const create = (name: string) => server.call('POST', widgetsPath, newWidget(name))
  const remove = (name: string) => server.call('DELETE', `${widgetsPath}/${name}`)
  /** What a watch tells, as it comes. */
  const watch = (query = '', signal = new AbortController().signal) => {
    const seen: string[] = []
    const follow = async () => {
      try {
        for await (const { type, object } of singly(
          server.transport.watch({ method: 'GET', path: `${widgetsPath}?watch=1${query}` }, signal),
        )) {
          const { metadata, code } = object as Widget & { code?: number }
          seen.push(type === 'ERROR' ? `ERROR ${code}` : type === 'BOOKMARK' ? 'BOOKMARK' : `${type} ${metadata.name}`)
        }
        seen.push('end')
      } catch (error) {
        seen.push(error instanceof ConnectionLostError ? 'lost' : error instanceof StatusError ? String(error.code) : String(error))
      }
    }
    return { seen, done: follow() }
  }
  return {
    clock,
    faults,
    watches: faults.watches,
    server: server.server,
    create,
    remove,
    watch,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

test('watch faults: a lost event is lost, the next one is not; by type and name', async () => {
  await using server = await start()
  const { seen } = server.watch()
  await server.clock.advance(0)
  server.watches.drop({ resource: 'widgets', type: 'ADDED', name: ['a', 'b'] }, { nth: 2 })
  for (const name of ['a', 'b', 'c']) await server.create(name)
  await server.remove('b')
  await server.clock.advance(0)
  assert.deepEqual(seen, ['ADDED a', 'ADDED c', 'DELETED b'])
})

test('watch faults: what another program or user watches is not concerned', async () => {
  await using server = await start()
  const { seen } = server.watch()
  await server.clock.advance(0)
  server.watches.drop({ program: 'kubelet' })
  server.watches.drop({ user: 'somebody' })
  server.watches.drop({ namespace: 'elsewhere' })
  server.watches.drop({ where: ({ object }) => object.name === 'z' })
  await server.create('a')
  await server.clock.advance(0)
  assert.deepEqual(seen, ['ADDED a'])
})

test('watch faults: what follows a delayed event waits with it, in order', async () => {
  await using server = await start()
  const { seen } = server.watch()
  await server.clock.advance(0)
  server.watches.delay({ name: 'a' }, 5_000)
  server.watches.delay({ name: 'c' }, 3_000)
  for (const name of ['a', 'b', 'c']) await server.create(name)
  await server.clock.advance(4_999)
  assert.deepEqual(seen, [])
  await server.create('d')
  await server.clock.advance(1)
  assert.deepEqual(seen, ['ADDED a', 'ADDED b', 'ADDED c', 'ADDED d'])
  server.watches.delay({}, 60_000)
  await server.create('e')
  await server.clock.advance(1)
  assert.equal(seen.length, 4)
  server.watches.clear()
  await server.clock.advance(0)
  assert.equal(seen.at(-1), 'ADDED e')
})

test('watch faults: a watch that ends while events are held back tells them first', async () => {
  await using server = await start()
  const { seen, done } = server.watch('&timeoutSeconds=2')
  await server.clock.advance(0)
  server.watches.delay({}, 5_000)
  await server.create('a')
  await server.clock.advance(3_000)
  assert.deepEqual(seen, [])
  await server.clock.advance(2_000)
  await done
  assert.deepEqual(seen, ['ADDED a', 'end'])
})

test('watch faults: connections break, at once and without what was held back; others end with 410', async () => {
  await using server = await start()
  const watch = server.watch()
  await server.clock.advance(0)
  server.watches.delay({}, 5_000)
  await server.create('a')
  assert.equal(server.watches.disconnect({ program: 'kubelet' }), 0)
  assert.equal(server.watches.disconnect({ resource: 'widgets' }), 1)
  await watch.done
  assert.deepEqual(watch.seen, ['lost'])
  const second = server.watch()
  await server.clock.advance(0)
  assert.equal(server.watches.expire(), 1)
  await second.done
  assert.deepEqual(second.seen, ['ADDED a', 'ERROR 410', 'end'])
  assert.equal(server.watches.disconnect(), 0, 'both are forgotten')
})

test('watch faults: a watch that its client leaves is forgotten, and its timers with it', async () => {
  await using server = await start()
  const leaving = new AbortController()
  const watch = server.watch('', leaving.signal)
  await server.clock.advance(0)
  server.watches.delay({}, 5_000)
  await server.create('a')
  leaving.abort(new Error('enough'))
  await watch.done
  assert.deepEqual([watch.seen, server.watches.disconnect(), server.clock.waiting], [['Error: enough'], 0, 0])
})
