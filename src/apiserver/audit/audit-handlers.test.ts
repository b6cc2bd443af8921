import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNotFound, StatusError } from '#apimachinery/status/status.ts'
import { VirtualClock } from '#base/clock.ts'
import { because } from '#client/cause.ts'
import { type RecordedWrite, type StoryAnswer, whyPath } from '#client/why.ts'
import { auditLimits } from './limits.ts'
import { startTestServer, widgetsPath } from '../testing/test-server.ts'
import { newWidget, type Widget, widgetResource } from '../testing/widget.ts'

async function start(options: Parameters<typeof startTestServer>[0] = {}) {
  const server = await startTestServer(options)
  const { call } = server
  const create = async (name: string) => (await call('POST', widgetsPath, newWidget(name, {}))).body as Widget
  const patch = async (name: string, body: object) =>
    (await call('PATCH', `${widgetsPath}/${name}`, body, { contentType: 'application/merge-patch+json' })).body as Widget
  const remove = (name: string) => call('DELETE', `${widgetsPath}/${name}`)
  const why = async (name: string) =>
    (await call('GET', `${whyPath}?group=test.example&resource=widgets&namespace=default&name=${name}`)).body as StoryAnswer
  return { ...server, create, patch, remove, why, versionOf: ({ metadata }: Widget) => metadata.resourceVersion! }
}

const effects = (writes: readonly RecordedWrite[]) => writes.map(({ effect, object }) => `${object.name} ${effect}`)

test('why: who wrote what, when and by what program', async () => {
  const clock = new VirtualClock()
  await using server = await start({ clock })
  const made = await server.create('a')
  await clock.advance(1_500)
  const changed = await server.patch('a', { spec: { size: 2 } })
  await server.patch('a', { spec: { size: 2 } })
  await server.remove('a')
  const by = { user: 'tester', userAgent: 'test/1.0' }
  const object = { apiVersion: 'test.example/v1', kind: 'Widget', namespace: 'default', name: 'a' }
  const { writes, causes, earlier, recordedSince } = await server.why('a')
  assert.deepEqual(writes, [
    {
      resourceVersion: server.versionOf(made),
      time: '2026-01-01T00:00:00.000Z',
      object,
      effect: 'created',
      verb: 'create',
      ...by,
      fieldManager: 'test',
      changes: [],
    },
    {
      resourceVersion: server.versionOf(changed),
      time: '2026-01-01T00:00:01.500Z',
      object,
      effect: 'changed',
      verb: 'patch',
      ...by,
      fieldManager: 'test',
      changes: [{ path: 'spec.size', before: 1, after: 2 }],
    },
    {
      resourceVersion: String(server.storage.revision),
      time: '2026-01-01T00:00:01.500Z',
      object,
      effect: 'deleted',
      verb: 'delete',
      ...by,
      changes: [],
    },
  ])
  assert.deepEqual([causes, earlier, recordedSince], [[], undefined, '2026-01-01T00:00:00.000Z'])
})

test('why: the writes that it goes back to, each behind the other, and no further than what is told already', async () => {
  await using server = await start()
  const first = await server.create('first')
  const second = await because({ resourceVersion: server.versionOf(first), reason: 'it looked so' }, () => server.create('second'))
  const third = await because({ resourceVersion: server.versionOf(second) }, () => server.create('third'))
  await because({ resourceVersion: server.versionOf(third) }, () => server.patch('third', { spec: { size: 3 } }))
  await server.create('stranger')
  const { writes, causes } = await server.why('third')
  assert.deepEqual(
    [effects(writes), effects(causes)],
    [
      ['third created', 'third changed'],
      ['first created', 'second created'],
    ],
  )
  assert.deepEqual(causes[1]?.cause, { resourceVersion: server.versionOf(first), reason: 'it looked so' })
})

test('why: what comes later, or is of another server, is no cause', async () => {
  await using server = await start()
  await because({ resourceVersion: '1000' }, () => server.create('a'))
  await because({ resourceVersion: 'x' }, () => server.create('b'))
  assert.deepEqual([(await server.why('a')).causes, (await server.why('b')).causes], [[], []])
})

test('why: reads have no cause, and a dry run writes nothing', async () => {
  await using server = await start()
  await server.create('a')
  await server.call('DELETE', `${widgetsPath}/a`, { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] })
  assert.deepEqual(effects((await server.why('a')).writes), ['a created'])
})

test('why: of an object that was made again only the life that it has now', async () => {
  await using server = await start()
  await server.create('a')
  await server.remove('a')
  await server.create('a')
  assert.deepEqual(effects((await server.why('a')).writes), ['a created'])
})

test('why: of very many writes the newest are told', async () => {
  await using server = await start()
  await server.create('a')
  const count = auditLimits.storyWritesMax + 5
  for (let size = 2; size < count + 2; size++) await server.patch('a', { spec: { size } })
  const { writes, earlier } = await server.why('a')
  assert.deepEqual([writes.length, writes.at(-1)?.changes?.[0]?.after, earlier], [auditLimits.storyWritesMax, count + 1, 'many'])
})

test('why: versions that the storage has forgotten → what changed is not known; the rest is', async () => {
  await using server = await start()
  await server.create('a')
  await server.patch('a', { spec: { size: 2 } })
  await server.storage.compact(server.storage.revision)
  await server.patch('a', { spec: { size: 3 } })
  const { writes } = await server.why('a')
  assert.deepEqual(
    writes.map(({ effect, changes }) => [effect, changes]),
    [
      ['created', []],
      ['changed', undefined],
      ['changed', [{ path: 'spec.size', before: 2, after: 3 }]],
    ],
  )
})

test('why: what was written before this server began is not recorded, and the answer says so', async () => {
  await using before = await start()
  await before.create('a')
  await before.create('b')
  await using server = await start({ storage: before.storage, clock: before.clock })
  await server.patch('a', { spec: { size: 2 } })
  const { writes, earlier } = await server.why('a')
  assert.deepEqual([effects(writes), earlier], [['a changed'], 'lost'])
  assert.deepEqual(await server.why('b'), { writes: [], causes: [], earlier: 'lost', recordedSince: '2026-01-01T00:00:00.000Z' })
})

test('why: expired objects were removed by the server itself', async () => {
  const clock = new VirtualClock()
  await using server = await start({ clock, resources: [{ ...widgetResource(), ttlSeconds: 60 }] })
  await server.create('a')
  await clock.advance(60_000)
  const last = (await server.why('a')).writes.at(-1)
  assert.deepEqual([last?.effect, last?.user, last?.cause], ['deleted', 'system:apiserver', { reason: 'its time to live of 60s is over' }])
})

test('why: an object that nobody knows → 404; no object named → 400', async () => {
  await using server = await start()
  await assert.rejects(server.why('none'), isNotFound)
  await assert.rejects(server.call('GET', `${whyPath}?resource=gadgets&name=a`), isNotFound)
  await assert.rejects(server.call('GET', whyPath), error => error instanceof StatusError && error.code === 400)
})
