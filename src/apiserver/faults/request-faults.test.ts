import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '#apimachinery/status/status.ts'
import { VirtualClock } from '#base/clock.ts'
import { ConnectionLostError } from '#client/transport.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import { startTestServer, widgetsPath } from '../testing/test-server.ts'
import { newWidget, type Widget } from '../testing/widget.ts'
import type { RequestFaults } from './request-faults.ts'
import { ServerFaults } from './server-faults.ts'
import type { StoredObject } from '../storage/stored-object.ts'

const always = { times: Number.POSITIVE_INFINITY }

async function start() {
  const clock = new VirtualClock()
  const storage = new MemoryStorage<StoredObject>()
  const faults = new ServerFaults({ clock, storage })
  const server = await startTestServer({ clock, storage, server: { faults } })
  /** What the client sees: a code, or how the connection ended. */
  const code = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) =>
    server.call(method, path, body).then(
      ({ status }) => status,
      error => (error instanceof StatusError ? error.code : error instanceof ConnectionLostError ? 'lost' : error),
    )
  return { ...server, clock, faults, requests: faults.requests, code, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const matches: { name: string; pattern: Parameters<RequestFaults['fail']>[0]; hit: boolean }[] = [
  { name: 'everything', pattern: {}, hit: true },
  { name: 'verb and resource', pattern: { verb: 'create', resource: 'widgets' }, hit: true },
  { name: 'another verb', pattern: { verb: 'update', resource: 'widgets' }, hit: false },
  { name: 'one of several verbs', pattern: { verb: ['create', 'update'] }, hit: true },
  { name: 'user and program', pattern: { user: 'tester', program: 'test' }, hit: true },
  { name: 'another program', pattern: { program: 'tes' }, hit: false },
  { name: 'another user', pattern: { user: 'somebody' }, hit: false },
  { name: 'namespace', pattern: { namespace: 'default' }, hit: true },
  { name: 'another namespace', pattern: { namespace: 'kube-system' }, hit: false },
  { name: 'no subresource', pattern: { subresource: '' }, hit: true },
  { name: 'a subresource', pattern: { subresource: 'status' }, hit: false },
  { name: 'by looking', pattern: { where: ({ info }) => info.group === 'test.example' }, hit: true },
  { name: 'by looking, in vain', pattern: { where: () => false }, hit: false },
]

for (const { name, pattern, hit } of matches) {
  test(`request faults: ${name} → ${hit ? 'fails' : 'goes through'}`, async () => {
    await using server = await start()
    server.requests.fail(pattern, 500)
    assert.equal(await server.code('POST', widgetsPath, newWidget('a')), hit ? 500 : 201)
  })
}

test('request faults: each failure in the form in which clients know it', async () => {
  await using server = await start()
  const { requests, call } = server
  const told = async () => {
    const error = (await call('PUT', `${widgetsPath}/a`, newWidget('a')).catch(error => error)) as StatusError
    return [error.code, error.reason, error.status.details?.retryAfterSeconds]
  }
  const teapot = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 418, reason: 'Teapot' } as const
  for (const failure of [409, 410, 500, 503, 504, teapot] as const) requests.fail({ verb: 'update' }, failure)
  requests.fail({ verb: 'update' }, 429, { retryAfterSeconds: 7 })
  // All seven are due at once; the first of them is what happens.
  assert.deepEqual(await told(), [409, 'Conflict', undefined])
  const seen: unknown[] = []
  for (const failure of [410, 429, 500, 503, 504, teapot] as const) {
    using _ = requests.fail({ verb: 'update' }, failure, { retryAfterSeconds: 7 })
    seen.push(await told())
  }
  assert.deepEqual(seen, [
    [410, 'Expired', undefined],
    [429, 'TooManyRequests', 7],
    [500, 'InternalError', undefined],
    [503, 'ServiceUnavailable', undefined],
    [504, 'Timeout', undefined],
    [418, 'Teapot', undefined],
  ])
})

test('request faults: before, nothing is done; after, it is done and the client is told something else', async () => {
  await using server = await start()
  const { requests, code } = server
  requests.fail({ verb: 'create' }, 500)
  assert.deepEqual([await code('POST', widgetsPath, newWidget('a')), await code('GET', `${widgetsPath}/a`)], [500, 404])
  requests.disconnect({ verb: 'create' })
  assert.deepEqual([await code('POST', widgetsPath, newWidget('a')), await code('GET', `${widgetsPath}/a`)], ['lost', 404])
  requests.fail({ verb: 'create' }, 500, { when: 'after' })
  assert.deepEqual([await code('POST', widgetsPath, newWidget('a')), await code('GET', `${widgetsPath}/a`)], [500, 200])
  requests.disconnect({ verb: 'create' }, { when: 'after' })
  assert.deepEqual([await code('POST', widgetsPath, newWidget('b')), await code('GET', `${widgetsPath}/b`)], ['lost', 200])
  requests.disconnect({ verb: 'create' }, { when: 'after' })
  assert.equal(await code('POST', widgetsPath, newWidget('b')), 'lost', 'a refusal is lost, too')
})

test('request faults: a delayed request is done later; a released one now; one that is given up never', async () => {
  await using server = await start()
  const { requests, code, clock, transport } = server
  requests.delay({ verb: 'create' }, 5_000, always)
  const later = code('POST', widgetsPath, newWidget('a'))
  await clock.advance(4_999)
  assert.equal(await code('GET', `${widgetsPath}/a`), 404)
  assert.equal(requests.waiting, 1)
  await clock.advance(1)
  assert.deepEqual([await later, await code('GET', `${widgetsPath}/a`)], [201, 200])

  const leaving = new AbortController()
  const givenUp = transport.request({ method: 'POST', path: widgetsPath, body: newWidget('b') }, leaving.signal)
  const released = code('POST', widgetsPath, newWidget('c'))
  await clock.advance(1_000)
  leaving.abort(new Error('no more'))
  await assert.rejects(givenUp, /no more/)
  requests.clear()
  assert.equal(await released, 201)
  assert.deepEqual([await code('GET', `${widgetsPath}/b`), requests.waiting], [404, 0])
})

test('request faults: a delayed answer', async () => {
  await using server = await start()
  const { requests, code, clock } = server
  requests.delay({ verb: 'create' }, 5_000, { when: 'after' })
  const later = code('POST', widgetsPath, newWidget('a'))
  await clock.advance(1)
  assert.deepEqual([await code('GET', `${widgetsPath}/a`), requests.waiting], [200, 1])
  await clock.advance(5_000)
  assert.equal(await later, 201)
})

test('request faults: stale reads of one object and of lists, until they are taken back', async () => {
  await using server = await start()
  const { requests, call, code } = server
  await call('POST', widgetsPath, newWidget('a'))
  const b = (await call('POST', widgetsPath, newWidget('b'))).body as Widget
  const stale = requests.serveStale({ resource: 'widgets' }, always)
  await call('PUT', `${widgetsPath}/b`, { ...b, spec: { size: 9 } })
  await call('DELETE', `${widgetsPath}/a`)
  await call('POST', widgetsPath, newWidget('c'))
  const shown = async (query = '') =>
    ((await call('GET', `${widgetsPath}${query}`)).body as { items: Widget[] }).items
      .map(({ metadata, spec }) => `${metadata.name}${spec.size}`)
      .join()
  const sizeOfB = async (query = '') => ((await call('GET', `${widgetsPath}/b${query}`)).body as Widget).spec.size
  assert.deepEqual([await shown(), await sizeOfB()], ['a1,b1', 1])
  assert.deepEqual([await code('GET', `${widgetsPath}/a`), await code('GET', `${widgetsPath}/c`)], [200, 404])
  assert.deepEqual([await shown('?resourceVersion=4'), await sizeOfB('?resourceVersion=3')], ['b9', 9], 'not older than what is known')
  assert.equal(await shown('?resourceVersion=1&resourceVersionMatch=Exact'), 'a1')
  assert.equal(await code('GET', `${widgetsPath}?resourceVersion=x`), 400)
  assert.equal(stale.hits, 8)
  stale[Symbol.dispose]()
  assert.deepEqual([await shown(), await sizeOfB()], ['b9,c1', 9])
  requests.serveStale({ resource: 'widgets' }, { behind: 1, times: 1 })
  assert.deepEqual([await shown(), await shown()], ['b9', 'b9,c1'])
})

test('request faults: a stale read does not go behind what was compacted', async () => {
  await using server = await start()
  const { requests, call, storage } = server
  for (const name of ['a', 'b', 'c']) await call('POST', widgetsPath, newWidget(name))
  await storage.compact(2)
  requests.serveStale({}, { behind: 100 })
  const { items } = (await call('GET', widgetsPath)).body as { items: Widget[] }
  assert.deepEqual(items.map(({ metadata }) => metadata.name).join(''), 'ab')
})
