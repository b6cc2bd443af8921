import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '#api/core/v1/types.gen.ts'
import { VirtualClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { SeededRandom } from '#base/random.ts'
import type { Client } from '../client.ts'
import { EventCorrelator } from './event-correlator.ts'
import { APIEventRecorder } from './event-recorder.ts'

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'ns', uid: 'u' } }

function event(message: string, lastTimestamp = '2026-01-01T00:00:00Z', reason = 'BackOff'): Event {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `web.${message}` },
    involvedObject: { kind: 'Pod', name: 'web', uid: 'u' },
    source: { component: 'kubelet' },
    type: 'Warning',
    reason,
    message,
    count: 1,
    firstTimestamp: lastTimestamp,
    lastTimestamp,
  }
}

test('correlator: the same event again is a count', () => {
  const correlator = new EventCorrelator()
  assert.equal(correlator.correlate(event('a')).action, 'create')
  const again = correlator.correlate(event('a', '2026-01-01T00:00:07Z'))
  assert.ok(again.action === 'patch')
  assert.deepEqual(again.patch, { count: 2, lastTimestamp: '2026-01-01T00:00:07Z', message: 'a' })
  assert.equal(again.event.metadata.name, 'web.a')
})

test('correlator: the tenth event that differs only in its message is combined', () => {
  const correlator = new EventCorrelator()
  for (let index = 1; index < 10; index++) assert.equal(correlator.correlate(event(`m${index}`)).action, 'create')
  const tenth = correlator.correlate(event('m10'))
  assert.ok(tenth.action === 'create')
  assert.equal(tenth.event.message, '(combined from similar events): m10')
  const next = correlator.correlate(event('m11'))
  assert.ok(next.action === 'patch')
  assert.equal(next.patch.count, 2)
})

test('correlator: one source may say only so much about one object', () => {
  const correlator = new EventCorrelator()
  const actions = Array.from({ length: 26 }, () => correlator.correlate(event('a')).action)
  assert.equal(actions.at(24), 'patch')
  assert.equal(actions.at(25), 'skip')
  assert.equal(correlator.correlate(event('a', '2026-01-01T00:05:00Z')).action, 'patch')
})

test('correlator: events of both types share what may be said about an object', () => {
  const correlator = new EventCorrelator()
  const both = (index: number) => ({ ...event('a'), type: index % 2 === 0 ? 'Normal' : 'Warning' })
  const actions = Array.from({ length: 26 }, (_, index) => correlator.correlate(both(index)).action)
  assert.deepEqual(actions.slice(0, 3), ['create', 'create', 'patch'])
  assert.equal(actions.at(24), 'patch')
  assert.equal(actions.at(25), 'skip')
})

test('correlator: a copy goes its own way', () => {
  const correlator = new EventCorrelator()
  correlator.correlate(event('a'))
  const copy = correlator.copy()
  assert.equal(correlator.correlate(event('b')).action, 'create')
  assert.equal(copy.correlate(event('b')).action, 'create')
  const counts = [correlator, copy, correlator].map(each => each.correlate(event('a')))
  assert.deepEqual(
    counts.map(each => each.action === 'patch' && each.patch.count),
    [2, 2, 3],
  )
})

test('correlator: forgets what three caches of the least recently used would', () => {
  const entriesMax = 3
  const random = new SeededRandom(1)
  const correlator = new EventCorrelator(entriesMax)
  const caches = new ThreeCaches(entriesMax)
  const pick = (count: number) => Math.floor(random.next() * count)
  for (let round = 0; round < 20_000; round++) {
    const lastTimestamp = new Date(Date.UTC(2026, 0, 1) + round * 60_000).toISOString()
    const about = { kind: 'Pod', name: `pod-${pick(random.next() < 0.5 ? 1 : 6)}` }
    const said = { ...event(`m${pick(random.next() < 0.5 ? 3 : 14)}`, lastTimestamp, `Reason${pick(2)}`), involvedObject: about }
    const correlated = correlator.correlate(said)
    const shown = correlated.action === 'patch' ? correlated.patch.count : correlated.action
    assert.equal(shown, caches.correlate(said, round * 60), `round ${round}`)
  }
})

/** The rules once more, with the caches that client-go has. */
class ThreeCaches {
  readonly #entriesMax: number
  readonly #budgets = new Map<string, { tokens: number; at: number }>()
  readonly #similar = new Map<string, { messages: string[]; at: number }>()
  readonly #observed = new Map<string, number>()

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  correlate({ involvedObject: { name = '' }, reason = '', message = '' }: Event, at: number): number | string {
    const group = `${name} ${reason}`
    const old = this.#similar.get(group)
    const messages = [...new Set([...(old === undefined || at - old.at > 600 ? [] : old.messages), message])]
    const isFlood = messages.length >= 10
    this.#use(this.#similar, group, { messages: isFlood ? messages.slice(1) : messages, at })
    const key = isFlood ? group : `${group} ${message}`
    const count = (this.#observed.get(key) ?? 0) + 1
    this.#use(this.#observed, key, count)
    const budget = this.#budgets.get(name) ?? { tokens: 25, at }
    const tokens = Math.min(25, budget.tokens + (at - budget.at) / 300)
    this.#use(this.#budgets, name, { tokens: tokens >= 1 ? tokens - 1 : tokens, at })
    if (tokens < 1) return 'skip'
    return count === 1 ? 'create' : count
  }

  #use<T>(cache: Map<string, T>, key: string, value: T): void {
    cache.delete(key)
    cache.set(key, value)
    if (cache.size > this.#entriesMax) cache.delete([...cache.keys()][0]!)
  }
}

test('recorder: the form of an event, and that it never throws', async () => {
  const written: Event[] = []
  const client = {
    create: async (object: Event) => {
      written.push(object)
      if (object.reason === 'Broken') throw new Error('no answer')
      return object
    },
  } as unknown as Client
  const clock = new VirtualClock()
  const recorder = new APIEventRecorder({
    client,
    clock,
    random: new SeededRandom(1),
    log: silentLogger,
    component: 'kubelet',
    host: 'node-1',
  })
  recorder.event(pod, 'Normal', 'Started', 'Container started')
  recorder.event({ kind: 'Node', apiVersion: 'v1', name: 'node-1', uid: 'node-1' }, 'Warning', 'Broken', 'x')
  const stop = new AbortController()
  const running = recorder.run(stop.signal)
  await clock.advance(0)
  stop.abort()
  await clock.advance(60_000)
  await running
  const [first, second] = written
  assert.match(first?.metadata.name ?? '', /^web\.[0-9a-f]{16}$/)
  assert.deepEqual(
    { ...first, metadata: { namespace: first?.metadata.namespace } },
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: 'ns' },
      involvedObject: {
        kind: 'Pod',
        namespace: 'ns',
        name: 'web',
        uid: 'u',
        apiVersion: 'v1',
        resourceVersion: undefined,
        fieldPath: undefined,
      },
      reason: 'Started',
      message: 'Container started',
      source: { component: 'kubelet', host: 'node-1' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
      type: 'Normal',
      reportingComponent: 'kubelet',
      reportingInstance: 'node-1',
    },
  )
  assert.equal(second?.metadata.namespace, 'default')
})

test('recorder: what a node says of an object comes after what was decided in the same millisecond, in the order of names', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const names: string[] = []
    const client = { create: async (object: Event) => void names.push(object.metadata.name ?? '') } as unknown as Client
    const common = { client, clock: new VirtualClock(), random: new SeededRandom(seed), log: silentLogger }
    const recorders = [{ component: 'default-scheduler' }, { component: 'kubelet', host: 'node-1' }].map(
      source => new APIEventRecorder({ ...common, ...source }),
    )
    const stop = new AbortController()
    const running = recorders.map(recorder => recorder.run(stop.signal))
    for (const recorder of recorders) {
      recorder.event(pod, 'Normal', 'Said', 'something')
      await common.clock.advance(0)
    }
    stop.abort()
    await Promise.all(running)
    assert.deepEqual(names, names.toSorted())
  }
})
