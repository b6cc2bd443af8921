import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOf } from '#apimachinery/meta/v1/object.ts'
import { newInternalError, newTooManyRequests } from '#apimachinery/status/status.ts'
import { startTestServer } from '#apiserver/testing/test-server.ts'
import { newWidget, type Widget } from '#apiserver/testing/widget.ts'
import { VirtualClock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import { silentLogger } from '#base/log.ts'
import { SeededRandom } from '#base/random.ts'
import { until } from '#base/testing/until.ts'
import { currentCause } from './cause.ts'
import { InformerFactory } from './informer-factory.ts'
import { Informer, type InformerEvent, waitForSync } from './informer.ts'
import { RESTClient } from './rest-client.ts'
import { RESTMapper } from './rest-mapper.ts'
import { CuttableTransport } from './testing/cuttable-transport.ts'

const ref = { apiVersion: 'test.example/v1', kind: 'Widget', namespace: 'default' }
const { signal } = new AbortController()

/** An informer of widgets over a connection that can be cut, beside a client whose connection cannot. */
async function start(changes: { fieldSelector?: string; log?: typeof silentLogger } = {}) {
  const clock = new VirtualClock()
  const server = await startTestServer({ clock })
  const client = new RESTClient(server.transport, new RESTMapper(server.transport, []))
  const connection = new CuttableTransport(server.transport)
  const { log = silentLogger, ...selectors } = changes
  const options = { client: new RESTClient(connection, new RESTMapper(connection, [])), clock, random: new SeededRandom(1), log }
  const informer = new Informer<Widget>({ ...ref, ...selectors }, options)
  const told: string[] = []
  informer.onChange(event => told.push(`${event.type} ${event.object.metadata.name}`))
  const group = new Group(signal)
  const create = (name: string, widget: Partial<Widget> = {}) => client.create(newWidget(name, withNamespace(widget)), signal)
  const remove = (name: string) => client.delete({ ...ref, name }, signal)
  return {
    ...{ clock, server, client, connection, informer, told, group, create, remove, options },
    run: () => group.spawn(inner => informer.run(inner)),
    watching: () => until(clock, () => connection.watches === 1),
    lists: () => connection.asked.filter(line => /^GET .*widgets/.test(line)).length,
    unplug() {
      connection.down = new Error('unplugged')
      connection.cut(connection.down)
    },
    /** A server that was started again knows nothing of what was before. */
    async plugIntoNewServer() {
      connection.below = (await startTestServer({ clock, storage: server.storage })).transport
      connection.down = undefined
    },
    async [Symbol.asyncDispose]() {
      await group[Symbol.asyncDispose]().catch(() => undefined)
      await server[Symbol.asyncDispose]()
    },
  }
}

const withNamespace = (widget: Partial<Widget>): Partial<Widget> => ({
  ...widget,
  metadata: { ...widget.metadata, namespace: 'default' } as Widget['metadata'],
})

test('informer: what is there, then each change in its order', async () => {
  await using cluster = await start()
  const { informer, told, clock } = cluster
  await cluster.create('a')
  cluster.run()
  await informer.synced
  assert.equal(informer.hasSynced, true)
  await cluster.create('b')
  const a = informer.get('default/a')!
  await cluster.client.update({ ...a, spec: { size: 7 } }, signal)
  await cluster.remove('b')
  await until(clock, () => told.length === 4)
  assert.deepEqual(told, ['add a', 'add b', 'update a', 'delete b'])
  assert.deepEqual(
    informer.list().map(({ metadata, spec }) => [metadata.name, spec.size]),
    [['a', 7]],
  )
})

test('informer: an update tells the object of before; a handler that comes late is told what is there', async () => {
  await using cluster = await start()
  const { informer, clock } = cluster
  await cluster.create('a')
  cluster.run()
  await informer.synced
  const events: InformerEvent<Widget>[] = []
  const listening = informer.onChange(event => events.push(event))
  const before = informer.get('default/a')!
  await cluster.client.update({ ...before, spec: { size: 7 } }, signal)
  await until(clock, () => events.length === 2)
  assert.deepEqual(
    events.map(event => [event.type, event.type === 'update' ? event.old.spec.size : undefined, event.object.spec.size]),
    [
      ['add', undefined, 1],
      ['update', 1, 7],
    ],
  )
  listening[Symbol.dispose]()
  await cluster.remove('a')
  await until(clock, () => informer.size === 0)
  assert.equal(events.length, 2)
})

test('informer: a watch that was cut goes on after the last event; nothing is listed again', async () => {
  await using cluster = await start()
  const { informer, connection, told, clock } = cluster
  cluster.run()
  await informer.synced
  await cluster.watching()
  await cluster.create('a')
  await until(clock, () => told.length === 1)
  connection.cut(new Error('connection lost'))
  await cluster.create('b')
  await until(clock, () => told.length === 2, 10)
  assert.deepEqual(told, ['add a', 'add b'])
  assert.equal(cluster.lists(), 1)
})

test('informer: a server that asks for patience (429) is given it', async () => {
  await using cluster = await start()
  const { informer, connection, clock } = cluster
  connection.down = newTooManyRequests('later', 20)
  cluster.run()
  await clock.advance(1_000)
  assert.equal(connection.asked.length, 1)
  connection.down = undefined
  await clock.advance(18_000)
  assert.equal(connection.asked.length, 1)
  await clock.advance(2_000)
  assert.equal(informer.hasSynced, true)
})

test('informer: the server does not know the version any more (410) → lists again and tells deletions that nobody saw', async () => {
  await using cluster = await start()
  const { informer, told, clock } = cluster
  await cluster.create('a')
  await cluster.create('b')
  cluster.run()
  await informer.synced
  await cluster.watching()
  cluster.unplug()
  await cluster.remove('a')
  await cluster.create('c')
  await cluster.plugIntoNewServer()
  await until(clock, () => informer.get('default/c') !== undefined, 10)
  assert.deepEqual(told.slice(2).sort(), ['add c', 'delete a'])
  assert.deepEqual(informer.list().map(keyOf).sort(), ['default/b', 'default/c'])
  assert.equal(cluster.lists(), 2)
  await cluster.create('d')
  await until(clock, () => told.includes('add d'))
})

test('informer: another object took the name while nobody looked → a deletion and an addition', async () => {
  await using cluster = await start()
  const { informer, told, clock } = cluster
  await cluster.create('a')
  cluster.run()
  await informer.synced
  await cluster.watching()
  const { uid } = informer.get('default/a')!.metadata
  cluster.unplug()
  await cluster.remove('a')
  await cluster.create('a')
  await cluster.plugIntoNewServer()
  await until(clock, () => told.length === 3, 10)
  assert.deepEqual(told, ['add a', 'delete a', 'add a'])
  assert.notEqual(informer.get('default/a')!.metadata.uid, uid)
})

test('informer: a server that is away is asked again with growing pauses, and then at once', async () => {
  await using cluster = await start()
  const { informer, connection, clock } = cluster
  connection.down = new Error('unplugged')
  cluster.run()
  await clock.advance(100)
  await clock.advance(60_000)
  // Pauses of 100 ms, 200 ms, … 30 s, each shortened by chance to no less than its half.
  assert.ok(connection.asked.length >= 9 && connection.asked.length <= 14, `${connection.asked.length} requests`)
  assert.equal(informer.hasSynced, false)
  connection.down = undefined
  await until(clock, () => informer.hasSynced, 1_000)
})

test('informer: a server that closes each watch at once is not asked in a spin', async () => {
  await using cluster = await start()
  const { connection, clock } = cluster
  cluster.run()
  for (let round = 0; round < 500; round++) {
    connection.cut()
    await clock.advance(0)
  }
  assert.ok(connection.asked.length < 6, `${connection.asked.length} requests`)
})

test('informer: a long watch that the server closes is opened again at once', async () => {
  await using cluster = await start()
  const { connection, clock } = cluster
  cluster.run()
  await cluster.watching()
  await clock.advance(60_000)
  const { timersMade } = clock
  connection.cut()
  await until(clock, () => connection.watches === 1)
  assert.equal(clock.timersMade, timersMade)
})

test('informer: an error in the middle of a watch does not cost a list', async () => {
  await using cluster = await start()
  const { connection, informer, told, clock } = cluster
  cluster.run()
  await informer.synced
  await cluster.watching()
  connection.cut(newInternalError('etcd is on fire'))
  await cluster.create('a')
  await until(clock, () => told.length === 1, 10)
  assert.equal(cluster.lists(), 1)
})

test('informer: indexes follow their objects, also one that is added late', async () => {
  await using cluster = await start()
  const { informer, clock } = cluster
  const onNode = (node: string) => [...informer.byIndex('node', node)].map(({ metadata }) => metadata.name).sort()
  await cluster.create('a', { spec: { node: 'one' } })
  cluster.run()
  await informer.synced
  informer.addIndex('node', ({ spec }) => (spec.node === undefined ? [] : [spec.node]))
  assert.deepEqual(onNode('one'), ['a'])
  await cluster.create('b', { spec: { node: 'one' } })
  await until(clock, () => informer.size === 2)
  assert.deepEqual(onNode('one'), ['a', 'b'])
  await cluster.client.update({ ...informer.get('default/a')!, spec: { node: 'two' } }, signal)
  await until(clock, () => onNode('two').length === 1)
  assert.deepEqual([onNode('one'), onNode('two')], [['b'], ['a']])
  await cluster.remove('b')
  await until(clock, () => informer.size === 1)
  assert.deepEqual(onNode('one'), [])
  assert.throws(() => informer.byIndex('colour', 'red'), /an index is added before it is asked/)
})

test('informer: with a selector, an object that leaves the selection is told as deleted', async () => {
  await using cluster = await start({ fieldSelector: 'spec.node=one' })
  const { informer, told, clock } = cluster
  await cluster.create('a', { spec: { node: 'one' } })
  await cluster.create('b', { spec: { node: 'two' } })
  cluster.run()
  await informer.synced
  await cluster.watching()
  await cluster.client.update({ ...informer.get('default/a')!, spec: { node: 'two' } }, signal)
  await until(clock, () => informer.size === 0)
  assert.deepEqual(told, ['add a', 'delete a'])
})

test('informer: a handler that throws ends run with its error: nothing else would know that it missed a change', async () => {
  await using cluster = await start()
  const { informer } = cluster
  const bug = new Error('bug')
  await cluster.create('a')
  informer.onChange(() => {
    throw bug
  })
  await assert.rejects(informer.run(signal), bug)
})

test('informer: handlers that come and go while an event is told', async () => {
  await using cluster = await start()
  const { informer, clock } = cluster
  const told: string[] = []
  const first = informer.onChange(({ object }) => {
    told.push(`first ${object.metadata.name}`)
    first[Symbol.dispose]()
    informer.onChange(event => told.push(`second ${event.object.metadata.name}`))
  })
  cluster.run()
  await informer.synced
  await cluster.create('a')
  await cluster.create('b')
  await until(clock, () => told.length === 3)
  assert.deepEqual(told, ['first a', 'second a', 'second b'])
})

test('waitForSync: aborted before the first list → rejects with the reason and leaves no listener', async () => {
  await using cluster = await start()
  const { informer, connection } = cluster
  connection.down = new Error('unplugged')
  cluster.run()
  const controller = new AbortController()
  const waiting = waitForSync([informer], controller.signal)
  controller.abort(new Error('stopped'))
  await assert.rejects(waiting, /stopped/)
  await assert.rejects(waitForSync([informer], controller.signal), /stopped/)
})

test('factory: one informer a collection, also asked for after it runs; an aborted one ends', async () => {
  await using cluster = await start()
  const factory = new InformerFactory(cluster.options)
  const early = factory.of<Widget>(ref)
  cluster.group.spawn(inner => factory.run(inner))
  assert.equal(factory.of(ref), early as unknown)
  const late = factory.of<Widget>({ ...ref, labelSelector: 'a=b' })
  assert.notEqual(late, early)
  await waitForSync([early, late], signal)
  await new InformerFactory(cluster.options).run(AbortSignal.abort(new Error('stopped')))
})

test('factory: a broken handler ends run with its error', async () => {
  await using cluster = await start()
  await cluster.create('a')
  const factory = new InformerFactory(cluster.options)
  factory.of<Widget>(ref).onChange(() => {
    throw new Error('bug')
  })
  await assert.rejects(factory.run(signal), /bug/)
})

test('informer: what a handler does is the answer to the version that it is told of', async () => {
  await using cluster = await start()
  const { informer, client, clock } = cluster
  const seen: string[] = []
  const follow = (name: string) =>
    informer.onChange(({ type, object }) => seen.push(`${name}: ${type} ${object.metadata.name} ${currentCause()?.resourceVersion}`))
  const { metadata } = await cluster.create('a')
  follow('early')
  cluster.run()
  await informer.synced
  follow('late')
  const { metadata: changed } = await client.update({ ...informer.get('default/a')!, spec: { size: 7 } }, signal)
  await cluster.remove('a')
  await until(clock, () => informer.size === 0)
  const deleted = cluster.server.storage.revision
  assert.deepEqual(seen, [
    `early: add a ${metadata.resourceVersion}`,
    `late: add a ${metadata.resourceVersion}`,
    `early: update a ${changed.resourceVersion}`,
    `late: update a ${changed.resourceVersion}`,
    `early: delete a ${deleted}`,
    `late: delete a ${deleted}`,
  ])
})

test('factory: one that takes the place of another watches from what there is now, and after a failure as that would, whoever fails first', async () => {
  const kinds = ['Widget', 'Gadget']
  const follow = async (clock: VirtualClock, state?: ReturnType<InformerFactory['stateAt']>) => {
    const asked: string[] = []
    const breaks = new Map<string, () => void>()
    const client = {
      list: async () => ({ items: [], metadata: { resourceVersion: '5' } }),
      async *watch({ kind, resourceVersion }: { kind: string; resourceVersion: string }, inner: AbortSignal) {
        asked.push(`${kind} from ${resourceVersion} at ${clock.monotonicMs()}`)
        await new Promise<void>((resolve, reject) => {
          breaks.set(kind, () => reject(new Error('broken')))
          inner.addEventListener('abort', () => resolve(), { once: true })
        })
        yield []
      },
    } as unknown as RESTClient
    const factory = new InformerFactory({ client, clock, random: new SeededRandom(1), log: silentLogger }, state)
    for (const kind of kinds) factory.of({ ...ref, kind })
    const group = new Group(signal)
    group.spawn(inner => factory.run(inner))
    await clock.advance(0)
    return { factory, group, asked, breaks }
  }
  const clock = new VirtualClock()
  const original = await follow(clock)
  await clock.advance(900)
  const copyClock = clock.copy()
  const copy = await follow(copyClock, original.factory.stateAt('9'))
  assert.deepEqual(copy.asked.splice(0), ['Widget from 9 at 900', 'Gadget from 9 at 900'])
  original.asked.length = 0
  // The first watch of the original has begun a second ago, that of the copy just now; it counts as the same. What follows is shorter.
  for (const pauseMs of [100, 0]) {
    for (const each of [clock, copyClock]) await each.advance(pauseMs)
    for (const kind of kinds) original.breaks.get(kind)!()
    for (const kind of kinds.toReversed()) copy.breaks.get(kind)!()
    for (const each of [clock, copyClock]) await each.advance(500)
    assert.match(original.asked.join(), /from 5/)
    assert.deepEqual(copy.asked.splice(0).sort(), original.asked.splice(0).sort())
  }
  for (const { group } of [original, copy]) await group[Symbol.asyncDispose]()
})
