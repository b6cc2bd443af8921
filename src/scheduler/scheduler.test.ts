import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCondition } from '#api/core/v1/pod-conditions.ts'
import type { Node, Pod, PodSpec } from '#api/core/v1/types.gen.ts'
import { newInternalError } from '#apimachinery/status/status.ts'
import { VirtualClock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import { silentLogger } from '#base/log.ts'
import { SeededRandom } from '#base/random.ts'
import { until } from '#base/testing/until.ts'
import type { Client } from '#client/client.ts'
import { APIEventRecorder } from '#client/events/event-recorder.ts'
import { InformerFactory } from '#client/informer-factory.ts'
import { waitForSync } from '#client/informer.ts'
import { refOf, RESTClient } from '#client/rest-client.ts'
import { RESTMapper } from '#client/rest-mapper.ts'
import type { Transport } from '#client/transport.ts'
import { builtinResourceInfos } from '#api/resources.ts'
import { InProcessTransport } from '#apiserver/inprocess/transport.ts'
import { testUser } from '#apiserver/testing/test-server.ts'
import { startRegistryServer } from '#registry/testing/registry-server.ts'
import { Scheduler } from './scheduler.ts'

const { signal } = new AbortController()

function pod(name: string, { cpu = '1', ...spec }: Partial<PodSpec> & { cpu?: string } = {}): Pod {
  const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu } } }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { containers, ...spec } }
}

function node(name: string, { cpu = '2', labels, ...spec }: Node['spec'] & { cpu?: string; labels?: Record<string, string> } = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec,
    status: { allocatable: { cpu, memory: '4Gi', pods: '110' }, capacity: { cpu, memory: '4Gi', pods: '110' } },
  }
}

const nowhere = 'no nodes available to schedule pods'

/** An API server with one scheduler, or more; `through` changes how they reach it. */
async function start({
  schedulers = 1,
  through = (below: Transport) => below,
}: {
  schedulers?: number
  through?: (below: Transport) => Transport
} = {}) {
  const server = await startRegistryServer()
  const { clock } = server
  const transport = new InProcessTransport(server.server, testUser, 'test')
  const clientOver = (way: Transport): Client => new RESTClient(way, new RESTMapper(way, builtinResourceInfos))
  const client = clientOver(transport)
  const group = new Group(signal)
  const failed = group.wait()
  for (let index = 0; index < schedulers; index++) {
    const own = clientOver(through(new InProcessTransport(server.server, testUser, 'scheduler')))
    const shared = { client: own, clock, random: new SeededRandom(index), log: silentLogger }
    const informers = new InformerFactory(shared)
    const events = new APIEventRecorder({ ...shared, component: 'default-scheduler' })
    const scheduler = new Scheduler({ ...shared, informers, events })
    group.spawn(inner => scheduler.run(inner))
    group.spawn(inner => events.run(inner))
    group.spawn(inner => informers.run(inner))
    await waitForSync([informers.of({ apiVersion: 'v1', kind: 'Pod' }), informers.of({ apiVersion: 'v1', kind: 'Node' })], signal)
  }
  const read = (name: string) => client.get<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name }, signal)
  return {
    ...{ clock, client, read, failed },
    create: (...objects: (Pod | Node)[]) => Promise.all(objects.map(object => client.create(object, signal))),
    /** Where the pods are; '' for nowhere. */
    places: async () => {
      const { items } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, signal)
      return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec.nodeName ?? '']))
    },
    bound: (...names: string[]) =>
      until(clock, async () => (await Promise.all(names.map(read))).every(({ spec }) => (spec.nodeName ?? '') !== '')),
    refused: (name: string) =>
      until(clock, async () => findCondition((await read(name)).status?.conditions, 'PodScheduled')?.status === 'False'),
    messages: async (reason: string) => {
      const { items } = await client.list({ apiVersion: 'v1', kind: 'Event' }, signal)
      return (items as { reason?: string; message?: string }[]).filter(event => event.reason === reason).map(({ message }) => message)
    },
    patchNode: (name: string, body: unknown, subresource?: string) =>
      client.patch(
        { apiVersion: 'v1', kind: 'Node', name },
        { type: 'merge', body },
        signal,
        subresource === undefined ? {} : { subresource },
      ),
    async [Symbol.asyncDispose]() {
      group.abort(new Error('done'))
      await failed
      await server[Symbol.asyncDispose]()
    },
  }
}

test('a pod gets a node: bound, PodScheduled, an event', async () => {
  await using cluster = await start()
  await cluster.create(node('one'))
  await cluster.create(pod('web'))
  await cluster.bound('web')
  const { spec, status } = await cluster.read('web')
  assert.equal(spec.nodeName, 'one')
  assert.equal(findCondition(status?.conditions, 'PodScheduled')?.status, 'True')
  await until(cluster.clock, async () => (await cluster.messages('Scheduled')).length === 1)
  assert.deepEqual(await cluster.messages('Scheduled'), ['Successfully assigned default/web to one'])
})

test('a pod that fits nowhere says why, in a condition and an event, once', async () => {
  await using cluster = await start()
  await cluster.create(node('one'), node('two', { unschedulable: true }))
  await cluster.create(pod('big', { cpu: '3' }))
  await cluster.refused('big')
  const message =
    '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.'
  const condition = findCondition((await cluster.read('big')).status?.conditions, 'PodScheduled')
  assert.deepEqual([condition?.reason, condition?.message], ['Unschedulable', message])
  await until(cluster.clock, async () => (await cluster.messages('FailedScheduling')).length === 1)
  assert.deepEqual(await cluster.messages('FailedScheduling'), [message])
  const { resourceVersion } = (await cluster.read('big')).metadata
  await cluster.clock.advance(60_000)
  assert.equal((await cluster.read('big')).metadata.resourceVersion, resourceVersion)
})

const wakeUps: {
  name: string
  nodes: Node[]
  pods?: Pod[]
  waiting: Pod
  change(cluster: Awaited<ReturnType<typeof start>>): Promise<unknown>
}[] = [
  { name: 'the first node comes', nodes: [], waiting: pod('web'), change: cluster => cluster.create(node('one')) },
  {
    name: 'a node that is large enough comes',
    nodes: [node('small', { cpu: '1' })],
    waiting: pod('web', { cpu: '2' }),
    change: cluster => cluster.create(node('one')),
  },
  {
    name: 'a taint is taken away',
    nodes: [node('one', { taints: [{ key: 'x', effect: 'NoSchedule' }] })],
    waiting: pod('web'),
    change: cluster => cluster.patchNode('one', { spec: { taints: null } }),
  },
  {
    name: 'a node is uncordoned',
    nodes: [node('one', { unschedulable: true })],
    waiting: pod('web'),
    change: cluster => cluster.patchNode('one', { spec: { unschedulable: null } }),
  },
  {
    name: 'a node gets the label',
    nodes: [node('one')],
    waiting: pod('web', { nodeSelector: { disk: 'ssd' } }),
    change: cluster => cluster.patchNode('one', { metadata: { labels: { disk: 'ssd' } } }),
  },
  {
    name: 'a node grows',
    nodes: [node('one')],
    waiting: pod('web', { cpu: '3' }),
    change: cluster => cluster.patchNode('one', { status: { allocatable: { cpu: '4' } } }, 'status'),
  },
  {
    name: 'a pod goes',
    nodes: [node('one')],
    pods: [pod('other', { cpu: '2' })],
    waiting: pod('web', { cpu: '2' }),
    change: cluster => cluster.client.delete(refOf(pod('other')), signal, { gracePeriodSeconds: 0 }),
  },
  {
    name: 'a pod finishes',
    nodes: [node('one')],
    pods: [pod('other', { cpu: '2' })],
    waiting: pod('web', { cpu: '2' }),
    change: cluster =>
      cluster.client.patch(refOf(pod('other')), { type: 'merge', body: { status: { phase: 'Succeeded' } } }, signal, {
        subresource: 'status',
      }),
  },
]
for (const { name, nodes, pods = [], waiting, change } of wakeUps) {
  test(`a pod that waits is scheduled as soon as ${name}`, async () => {
    await using cluster = await start()
    await cluster.create(...nodes)
    await cluster.create(...pods)
    await cluster.bound(...pods.map(({ metadata }) => metadata.name))
    await cluster.create(waiting)
    await cluster.refused('web')
    await cluster.clock.advance(60_000)
    const { timersMade } = cluster.clock
    await change(cluster)
    await cluster.bound('web')
    assert.equal(cluster.clock.timersMade, timersMade, 'no waiting')
  })
}

test('the greater priority gets the room that is made', async () => {
  await using cluster = await start()
  await cluster.create(...['low', 'high', 'middle'].map((name, index) => pod(name, { cpu: '2', priority: [1, 3, 2][index]! })))
  for (const name of ['low', 'high', 'middle']) await cluster.refused(name)
  await cluster.clock.advance(60_000)
  await cluster.create(node('one'))
  await cluster.bound('high')
  await cluster.clock.advance(60_000)
  assert.deepEqual(await cluster.places(), { high: 'one', low: '', middle: '' })
})

test('pods that are not for it: bound by hand, gated, for another scheduler, terminating', async () => {
  await using cluster = await start()
  await cluster.create(node('one'))
  await cluster.create(
    pod('by-hand', { nodeName: 'elsewhere' }),
    pod('gated', { schedulingGates: [{ name: 'example.com/gate' }] }),
    pod('other', { schedulerName: 'mine' }),
    pod('web'),
  )
  await cluster.bound('web')
  await cluster.clock.advance(60_000)
  assert.deepEqual(await cluster.places(), { 'by-hand': 'elsewhere', gated: '', other: '', web: 'one' })
  await cluster.client.patch(refOf(pod('gated')), { type: 'merge', body: { spec: { schedulingGates: null } } }, signal)
  await cluster.bound('gated')
})

test('it never gives more than a node has, whatever comes at once', async () => {
  await using cluster = await start()
  await cluster.create(node('one', { cpu: '4' }), node('two', { cpu: '3' }))
  const names = Array.from({ length: 12 }, (_, index) => `p${index}`)
  await cluster.create(...names.map(name => pod(name)))
  await until(cluster.clock, async () => Object.values(await cluster.places()).filter(place => place !== '').length === 7)
  await cluster.clock.advance(60_000)
  const places = Object.values(await cluster.places())
  assert.deepEqual(
    ['one', 'two', ''].map(place => places.filter(other => other === place).length),
    [4, 3, 5],
  )
})

test('two schedulers: each pod is bound once, and no node gets more than it has', async () => {
  await using cluster = await start({ schedulers: 2 })
  await cluster.create(node('one', { cpu: '100' }), node('two', { cpu: '100' }))
  const names = Array.from({ length: 60 }, (_, index) => `p${index}`)
  await cluster.create(...names.map(name => pod(name)))
  await cluster.bound(...names)
  await until(cluster.clock, async () => (await cluster.messages('Scheduled')).length === 60, 10)
  await cluster.clock.advance(60_000)
  assert.equal((await cluster.messages('Scheduled')).length, 60)
  assert.deepEqual(await cluster.messages('FailedScheduling'), [])
})

/** Bindings fail as the test says. */
class FailingBindings implements Transport {
  readonly #below: Transport
  readonly #failures: (() => Promise<Error> | Error)[]

  constructor(below: Transport, failures: (() => Promise<Error> | Error)[]) {
    this.#below = below
    this.#failures = failures
  }

  async request(...[request, inner]: Parameters<Transport['request']>) {
    const failure = request.path.endsWith('/binding') ? this.#failures.shift() : undefined
    if (failure !== undefined) throw await failure()
    return this.#below.request(request, inner)
  }

  watch(...args: Parameters<Transport['watch']>) {
    return this.#below.watch(...args)
  }
}

test('a binding that cannot be written: said, its room given back, tried again after the back-off', async () => {
  const failures = [() => newInternalError('etcd is on fire')]
  await using cluster = await start({ through: below => new FailingBindings(below, failures) })
  await cluster.create(node('one'))
  await cluster.create(pod('web', { cpu: '2' }))
  await cluster.refused('web')
  const condition = findCondition((await cluster.read('web')).status?.conditions, 'PodScheduled')
  const message = 'binding rejected: running Bind plugin "DefaultBinder": Internal error occurred: etcd is on fire'
  assert.deepEqual([condition?.reason, condition?.message], ['SchedulerError', message])
  await cluster.create(pod('quick', { cpu: '2' }))
  await cluster.bound('quick')
  await cluster.client.delete(refOf(pod('quick')), signal, { gracePeriodSeconds: 0 })
  await cluster.clock.advance(1_000)
  await cluster.bound('web')
  assert.deepEqual(await cluster.messages('FailedScheduling'), [message])
})

test('the room that a failed binding gives back wakes a pod that waits for it', async () => {
  const blocked = Promise.withResolvers<Error>()
  await using cluster = await start({ through: below => new FailingBindings(below, [() => blocked.promise]) })
  await cluster.create(node('one'))
  await cluster.create(pod('first', { cpu: '2', priority: 1 }))
  await cluster.clock.advance(0)
  await cluster.create(pod('second', { cpu: '2' }))
  await cluster.refused('second')
  await cluster.clock.advance(60_000)
  await cluster.client.delete(refOf(pod('first')), signal, { gracePeriodSeconds: 0 })
  blocked.resolve(newInternalError('too late'))
  await cluster.bound('second')
})

test('somebody else binds the pod in the middle of our binding: it stays theirs and counts there', async () => {
  const blocked = Promise.withResolvers<Error>()
  await using cluster = await start({ through: below => new FailingBindings(below, [() => blocked.promise]) })
  await cluster.create(node('one'), node('two', { unschedulable: true }))
  await cluster.create(pod('web', { cpu: '2' }))
  await cluster.clock.advance(0)
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'web' }, target: { kind: 'Node', name: 'two' } }
  await cluster.client.createSubresource(refOf(pod('web')), 'binding', binding, signal)
  await cluster.clock.advance(0)
  blocked.resolve(newInternalError('too late'))
  await cluster.clock.advance(60_000)
  // Room on the first node is free again, that on the second is taken.
  await cluster.patchNode('two', { spec: { unschedulable: null } })
  await cluster.create(pod('other', { cpu: '2' }))
  await cluster.bound('other')
  await cluster.create(pod('third', { cpu: '2' }))
  await cluster.refused('third')
  assert.deepEqual(await cluster.places(), { web: 'two', other: 'one', third: '' })
})

test('without a node: it says so', async () => {
  await using cluster = await start()
  await cluster.create(pod('web'))
  await cluster.refused('web')
  assert.equal(findCondition((await cluster.read('web')).status?.conditions, 'PodScheduled')?.message, nowhere)
})

test('stopped before anything is in sync → ends', async () => {
  const clock = new VirtualClock()
  const never = { list: () => new Promise<never>(() => {}) } as unknown as Client
  const options = { client: never, clock, random: new SeededRandom(1), log: silentLogger }
  const controller = new AbortController()
  const scheduler = new Scheduler({ ...options, informers: new InformerFactory(options), events: { event() {} } })
  const running = scheduler.run(controller.signal)
  controller.abort(new Error('stopped'))
  await assert.rejects(running, /stopped/)
})
