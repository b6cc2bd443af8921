import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAlreadyExists, isConflict, isExpired, isInvalid, isNotFound, StatusError } from '#apimachinery/status/status.ts'
import { InProcessTransport } from '#apiserver/inprocess/transport.ts'
import { startTestServer, testUser } from '#apiserver/testing/test-server.ts'
import { newWidget, type Widget } from '#apiserver/testing/widget.ts'
import { startRegistryServer } from '#registry/testing/registry-server.ts'
import type { WatchEvent } from './client.ts'
import { discoverResources } from './discovery.ts'
import { refOf, RESTClient } from './rest-client.ts'
import { NoMatchError, RESTMapper } from './rest-mapper.ts'
import { CuttableTransport } from './testing/cuttable-transport.ts'

const { signal } = new AbortController()
const kind = { apiVersion: 'test.example/v1', kind: 'Widget' }
const ref = { ...kind, namespace: 'default', name: 'a' }
const widget = (name: string, changes: Partial<Widget> = {}) => newWidget(name, { metadata: { name, namespace: 'default' }, ...changes })

async function start() {
  const server = await startTestServer()
  const transport = new CuttableTransport(server.transport)
  const client = new RESTClient(transport, new RESTMapper(transport, []), { fieldManager: 'tester' })
  return { ...server, transport, client, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const requests: { name: string; ask(client: RESTClient): Promise<unknown>; want: string }[] = [
  { name: 'get', ask: client => client.get(ref, signal), want: 'GET /widgets/a' },
  {
    name: 'list with selectors',
    ask: client =>
      client.list({ ...kind, namespace: 'default', labelSelector: 'a in (b,c)', fieldSelector: 'spec.node=one', limit: 5 }, signal),
    want: 'GET /widgets?labelSelector=a+in+%28b%2Cc%29&fieldSelector=spec.node%3Done&limit=5',
  },
  {
    name: 'create, dry',
    ask: client => client.create(widget('b'), signal, { dryRun: true, fieldManager: 'me', fieldValidation: 'Strict' }),
    want: 'POST /widgets?fieldManager=me&dryRun=All&fieldValidation=Strict',
  },
  {
    name: 'update of the status',
    ask: async client =>
      client.update({ ...(await client.get<Widget>(ref, signal)), status: { phase: 'Done' } }, signal, { subresource: 'status' }),
    want: 'PUT /widgets/a/status?fieldManager=tester',
  },
  {
    name: 'apply',
    ask: client => client.patch(ref, { type: 'apply', body: widget('a', { spec: { size: 2 } }), force: true }, signal),
    want: 'PATCH /widgets/a?fieldManager=tester&force=true',
  },
  { name: 'delete', ask: client => client.delete(ref, signal, { gracePeriodSeconds: 0 }), want: 'DELETE /widgets/a' },
  {
    name: 'delete a collection',
    ask: client => client.deleteCollection({ ...kind, namespace: 'default', labelSelector: 'no=ne' }, signal),
    want: 'DELETE /widgets?labelSelector=no%3Dne',
  },
]
for (const { name, ask, want } of requests) {
  test(`REST client: ${name}`, async () => {
    await using server = await start()
    await server.client.create(widget('a'), signal)
    await ask(server.client)
    assert.equal(server.transport.asked.at(-1)!.replace('/apis/test.example/v1/namespaces/default', ''), want)
  })
}

test('REST client: a collection without a namespace is that of all namespaces; its version can be watched', async () => {
  await using server = await start()
  await server.client.create(widget('a'), signal)
  const { items, metadata } = await server.client.list<Widget>(kind, signal)
  assert.deepEqual(
    items.map(item => item.metadata.namespace),
    ['default'],
  )
  await server.client.create(widget('b'), signal)
  const { resourceVersion } = metadata
  const watch = server.client.watch<Widget>({ ...kind, ...(resourceVersion !== undefined && { resourceVersion }) }, signal)
  for await (const events of watch) {
    assert.deepEqual(
      events.map(({ type, object }) => [type, object.metadata.name]),
      [['ADDED', 'b']],
    )
    break
  }
})

test('REST client: each kind of patch', async () => {
  await using server = await start()
  const { client } = server
  await client.create(widget('a', { spec: { size: 1, parts: [{ name: 'x', count: 1 }] } }), signal)
  const spec = async (...[patch]: Parameters<RESTClient['patch']> extends [unknown, infer P, ...unknown[]] ? [P] : never) =>
    (await client.patch<Widget>(ref, patch, signal)).spec
  assert.equal((await spec({ type: 'json', body: [{ op: 'replace', path: '/spec/size', value: 2 }] })).size, 2)
  assert.equal((await spec({ type: 'merge', body: { spec: { size: 3 } } })).size, 3)
  assert.deepEqual(
    (await spec({ type: 'strategic', body: { spec: { parts: [{ name: 'y', count: 2 }] } } })).parts?.map(({ name }) => name).sort(),
    ['x', 'y'],
  )
  assert.equal((await spec({ type: 'apply', body: { ...kind, metadata: { name: 'a' }, spec: { node: 'one' } } })).node, 'one')
})

const refusals: { name: string; ask(client: RESTClient): Promise<unknown>; is(error: unknown): boolean }[] = [
  { name: 'an absent object', ask: client => client.get({ ...ref, name: 'nobody' }, signal), is: isNotFound },
  { name: 'a name that is taken', ask: client => client.create(widget('a'), signal), is: isAlreadyExists },
  { name: 'an invalid object', ask: client => client.create(widget('b', { spec: { size: -1 } }), signal), is: isInvalid },
  {
    name: 'a version of before',
    async ask(client) {
      const before = await client.get<Widget>(ref, signal)
      await client.update({ ...before, spec: { size: 2 } }, signal)
      await client.update({ ...before, spec: { size: 3 } }, signal)
    },
    is: isConflict,
  },
]
for (const { name, ask, is } of refusals) {
  test(`REST client: ${name} → a StatusError that tells`, async () => {
    await using server = await start()
    await server.client.create(widget('a'), signal)
    await assert.rejects(ask(server.client), error => error instanceof StatusError && is(error))
  })
}

test('REST client: a watch whose version is gone → Expired', async () => {
  await using server = await start()
  for (const name of ['a', 'b']) await server.client.create(widget(name), signal)
  // A server that was started again knows nothing of what was before.
  server.transport.below = (await startTestServer({ storage: server.storage })).transport
  const watching = async () => {
    for await (const _event of server.client.watch({ ...kind, resourceVersion: '1' }, signal))
      assert.fail('an event of a forgotten version')
  }
  await assert.rejects(watching(), isExpired)
})

test('REST client: an error event in the middle of a watch is thrown', async () => {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Expired', message: 'too old', code: 410 }
  const transport = {
    request: () => assert.fail('nothing to ask'),
    async *watch() {
      yield [{ type: 'ADDED', object: widget('a') } as const, { type: 'ERROR', object: status } as const]
    },
  }
  const mapping = { group: 'test.example', version: 'v1', kind: 'Widget', resource: 'widgets', namespaced: true }
  const client = new RESTClient(transport, new RESTMapper(transport, [mapping]))
  const events: WatchEvent<Widget>[] = []
  const watching = async () => {
    for await (const batch of client.watch<Widget>(kind, signal)) events.push(...batch)
  }
  await assert.rejects(watching(), isExpired)
  assert.equal(events.length, 1)
})

test('REST client: a reference without a name never means the whole collection', async () => {
  await using server = await start()
  await server.client.create(widget('a'), signal)
  for (const name of ['', undefined]) {
    await assert.rejects(server.client.delete({ ...ref, name: name as string }, signal), /resource name may not be empty/)
  }
  assert.equal((await server.client.list(kind, signal)).items.length, 1)
})

test('REST client: a name that no URL can have is told by the promise', async () => {
  await using server = await start()
  const asked = server.client.get({ ...ref, name: '\ud800' }, signal)
  await assert.rejects(asked, URIError)
})

test('REST client: aborted → the reason', async () => {
  await using server = await start()
  const aborted = AbortSignal.abort(new Error('stopped'))
  await assert.rejects(server.client.get(ref, aborted), /stopped/)
})

test('refOf: what names an object', () => {
  assert.deepEqual(refOf(widget('a')), ref)
})

test('REST mapper: kinds are asked for once; unknown ones and groups are no match', async () => {
  await using server = await start()
  const mapper = new RESTMapper(server.transport, [])
  await mapper.mappingOf(kind, signal)
  const asked = server.transport.asked.length
  assert.deepEqual(await mapper.mappingOf(kind, signal), {
    group: 'test.example',
    version: 'v1',
    kind: 'Widget',
    resource: 'widgets',
    namespaced: true,
  })
  assert.equal(server.transport.asked.length, asked)
  for (const unknown of [
    { apiVersion: 'test.example/v1', kind: 'Gadget' },
    { apiVersion: 'other.example/v1', kind: 'Widget' },
    { apiVersion: '../../v1', kind: 'Widget' },
  ]) {
    await assert.rejects(
      async () => mapper.mappingOf(unknown, signal),
      error => {
        assert.ok(error instanceof NoMatchError)
        assert.equal(error.message, `no matches for kind "${unknown.kind}" in version "${unknown.apiVersion}"`)
        return true
      },
    )
  }
})

test('discovery: every resource of every group, without subresources', async () => {
  await using started = await startRegistryServer()
  const found = await discoverResources(new InProcessTransport(started.server, testUser, 'test'), signal)
  const verbsOf = (group: string, resource: string) => found.find(info => info.group === group && info.resource === resource)?.verbs
  for (const [group, resource] of [
    ['', 'pods'],
    ['', 'services'],
    ['coordination.k8s.io', 'leases'],
  ] as const) {
    assert.ok(verbsOf(group, resource)?.includes('deletecollection'), `${resource} can be emptied`)
  }
  assert.ok(found.every(({ resource }) => !resource.includes('/')))
})
