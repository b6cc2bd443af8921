import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatusError } from '#apimachinery/status/status.ts'
import { startTestServer, type TestCall, widgetsPath } from '../testing/test-server.ts'
import { newWidget, type Widget, widgetResource } from '../testing/widget.ts'

const mergePatch = { contentType: 'application/merge-patch+json' }

async function refusal(answer: Promise<unknown>): Promise<string> {
  const error = (await answer.then(
    () => assert.fail('the request was not refused'),
    error => error,
  )) as StatusError
  return `${error.code} ${error.reason}: ${error.message}`
}

const create = async (call: TestCall, name: string, changes: Partial<Widget> = {}) =>
  (await call('POST', widgetsPath, newWidget(name, changes))).body as Widget

test('create: what the creator may not say is cleared', async () => {
  await using server = await startTestServer()
  const metadata = {
    name: 'a',
    uid: 'mine',
    creationTimestamp: '2001-01-01T00:00:00Z',
    deletionTimestamp: '2001-01-01T00:00:00Z',
    generation: 7,
  }
  const widget = await create(server.call, 'a', { metadata, status: { phase: 'Done' } })
  assert.notEqual(widget.metadata.uid, 'mine')
  assert.equal(widget.metadata.creationTimestamp, '2026-01-01T00:00:00Z')
  assert.equal(widget.metadata.deletionTimestamp, undefined)
  assert.deepEqual([widget.metadata.generation, widget.status], [1, {}])
})

const creations: { name: string; have: Partial<Widget>; want: string }[] = [
  { name: 'taken name', have: { metadata: { name: 'a' } }, want: '409 AlreadyExists: widgets.test.example "a" already exists' },
  {
    name: 'no name',
    have: { metadata: { name: '' } },
    want: '422 Invalid: Widget.test.example "" is invalid: metadata.name: Required value: name or generateName is required',
  },
  {
    name: 'name with a slash',
    have: { metadata: { name: 'x/y' } },
    want: '422 Invalid: Widget.test.example "x/y" is invalid: metadata.name: Invalid value: "x/y": may not contain \'/\'',
  },
  {
    name: 'another namespace',
    have: { metadata: { name: 'b', namespace: 'other' } },
    want: '400 BadRequest: the namespace of the provided object does not match the namespace sent on the request',
  },
  {
    name: 'resourceVersion',
    have: { metadata: { name: 'b', resourceVersion: '1' } },
    want: '500 : resourceVersion should not be set on objects to be created',
  },
  {
    name: 'what the strategy refuses',
    have: { metadata: { name: 'b' }, spec: { size: -1 } },
    want: '422 Invalid: Widget.test.example "b" is invalid: spec.size: Invalid value: -1: must be greater than or equal to 0',
  },
]

for (const { name, have, want } of creations) {
  test(`create: ${name} → refused`, async () => {
    await using server = await startTestServer()
    await create(server.call, 'a')
    assert.equal(await refusal(server.call('POST', widgetsPath, newWidget(have.metadata?.name ?? '', have))), want)
  })
}

test('create with generateName: a name of its own each time', async () => {
  await using server = await startTestServer()
  const widgets = await Promise.all([1, 2, 3].map(() => create(server.call, '', { metadata: { name: '', generateName: 'x-' } })))
  assert.equal(new Set(widgets.map(({ metadata }) => metadata.name)).size, 3)
  for (const { metadata } of widgets) assert.match(metadata.name, /^x-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
})

test('update: optimistic locking', async () => {
  await using server = await startTestServer()
  const { call } = server
  const widget = await create(call, 'a')
  await call('PUT', `${widgetsPath}/a`, { ...widget, spec: { size: 2 } })
  const conflict =
    '409 Conflict: Operation cannot be fulfilled on widgets.test.example "a": the object has been modified; please apply your changes to the latest version and try again'
  assert.equal(await refusal(call('PUT', `${widgetsPath}/a`, { ...widget, spec: { size: 3 } })), conflict)
  assert.equal(await refusal(call('PATCH', `${widgetsPath}/a`, { metadata: { resourceVersion: '1' } }, mergePatch)), conflict)
  const forced = (await call('PUT', `${widgetsPath}/a`, newWidget('a', { spec: { size: 4 } }))).body as Widget
  assert.equal(forced.spec.size, 4)
  assert.equal(forced.metadata.uid, widget.metadata.uid)
  assert.equal(
    await refusal(call('PUT', `${widgetsPath}/b`, newWidget('a'))),
    '400 BadRequest: the name of the object (a) does not match the name on the URL (b)',
  )
  assert.equal(await refusal(call('PUT', `${widgetsPath}/b`, newWidget('b'))), '404 NotFound: widgets.test.example "b" not found')
  const message = await refusal(call('PUT', `${widgetsPath}/a`, newWidget('a', { metadata: { name: 'a', uid: 'other' } })))
  assert.match(message, /^409 Conflict: Operation cannot be fulfilled on widgets.test.example "a": StorageError: invalid object, Code: 4, /)
})

test('patches of one object at the same time: each takes effect', async () => {
  await using server = await startTestServer()
  const { call } = server
  await create(call, 'a')
  const patches = Array.from({ length: 20 }, (_, index) =>
    call('PATCH', `${widgetsPath}/a`, { metadata: { labels: { [`l${index}`]: 'x' } } }, mergePatch),
  )
  await Promise.all(patches)
  const widget = (await call('GET', `${widgetsPath}/a`)).body as Widget
  assert.equal(Object.keys(widget.metadata.labels!).length, 20)
})

test('json and strategic patches', async () => {
  await using server = await startTestServer()
  const { call } = server
  await create(call, 'a', { spec: { parts: [{ name: 'x', count: 1 }] } })
  const strategic = { spec: { parts: [{ name: 'y', count: 2 }] } }
  await call('PATCH', `${widgetsPath}/a`, strategic, { contentType: 'application/strategic-merge-patch+json' })
  const jsonPatch = [{ op: 'add', path: '/spec/note', value: 'n' }]
  const widget = (await call('PATCH', `${widgetsPath}/a`, jsonPatch, { contentType: 'application/json-patch+json' })).body as Widget
  assert.deepEqual(widget.spec.parts?.map(({ name }) => name).sort(), ['x', 'y'])
  assert.equal(widget.spec.note, 'n')
  assert.equal(
    await refusal(call('PATCH', `${widgetsPath}/a`, {}, { contentType: 'text/plain' })),
    '415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: ' +
      'application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml',
  )
})

test('status subresource: changes only the status', async () => {
  await using server = await startTestServer()
  const { call } = server
  const widget = await create(call, 'a', { spec: { note: 'n' } })
  const answer = (await call('PUT', `${widgetsPath}/a/status`, { ...widget, spec: {}, status: { phase: 'Done' } })).body as Widget
  assert.deepEqual([answer.spec.note, answer.status.phase, answer.metadata.generation], ['n', 'Done', 1])
  const again = (await call('PUT', `${widgetsPath}/a`, { ...answer, status: { phase: 'No' } })).body as Widget
  assert.equal(again.status.phase, 'Done')
  const entry = again.metadata.managedFields?.find(({ subresource }) => subresource === 'status')
  assert.deepEqual(entry?.fieldsV1, { 'f:status': { 'f:phase': {} } })
})

test('server-side apply: creates, owns, conflicts, gives up', async () => {
  await using server = await startTestServer()
  const { call } = server
  const apply = (manager: string, spec: Widget['spec'], more = '') =>
    call(
      'PATCH',
      `${widgetsPath}/a?fieldManager=${manager}${more}`,
      { apiVersion: 'test.example/v1', kind: 'Widget', metadata: { name: 'a' }, spec },
      {
        contentType: 'application/apply-patch+yaml',
      },
    )
  const created = await apply('one', { size: 3, note: 'x' })
  assert.equal(created.status, 201)
  assert.equal(await refusal(apply('two', { size: 4 })), '409 Conflict: Apply failed with 1 conflict: conflict with "one": .spec.size')
  assert.equal(((await apply('two', { size: 4 }, '&force=true')).body as Widget).spec.size, 4)
  const given = (await apply('one', {})).body as Widget
  assert.deepEqual([given.spec.note, given.spec.size], [undefined, 4])
  const same = (await apply('one', {})).body as Widget
  assert.equal(same.metadata.resourceVersion, given.metadata.resourceVersion)
  assert.match(
    await refusal(call('PATCH', `${widgetsPath}/a`, {}, { contentType: 'application/apply-patch+yaml' })),
    /^422 Invalid: PatchOptions\.meta\.k8s\.io "" is invalid: fieldManager: Required value: is required for apply patch$/,
  )
})

test('delete: finalizers keep the object until the last one goes', async () => {
  await using server = await startTestServer()
  const { call } = server
  await create(call, 'a', { metadata: { name: 'a', finalizers: ['test.example/hold'] } })
  const deleting = (await call('DELETE', `${widgetsPath}/a`)).body as Widget
  assert.deepEqual([deleting.kind, deleting.metadata.deletionGracePeriodSeconds, deleting.metadata.generation], ['Widget', 0, 2])
  assert.equal(
    await refusal(call('POST', widgetsPath, newWidget('a'))),
    '409 AlreadyExists: object is being deleted: widgets.test.example "a" already exists',
  )
  const again = (await call('DELETE', `${widgetsPath}/a`)).body as Widget
  assert.equal(again.metadata.resourceVersion, deleting.metadata.resourceVersion)
  await call('PATCH', `${widgetsPath}/a`, { metadata: { finalizers: null } }, mergePatch)
  assert.match(await refusal(call('GET', `${widgetsPath}/a`)), /^404/)
})

test('delete: propagation policies put their finalizers, preconditions are checked', async () => {
  await using server = await startTestServer()
  const { call } = server
  for (const [policy, want] of [
    ['Foreground', ['foregroundDeletion']],
    ['Orphan', ['orphan']],
  ] as const) {
    await create(call, policy.toLowerCase())
    const path = `${widgetsPath}/${policy.toLowerCase()}`
    const wrong = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: 'x' } }
    assert.match(
      await refusal(call('DELETE', path, wrong)),
      /^409 Conflict: .*the UID in the precondition \(x\) does not match the UID in record/,
    )
    const widget = (await call('DELETE', path, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: policy })).body as Widget
    assert.deepEqual(widget.metadata.finalizers, want)
  }
})

test('graceful deletion: the object stays until it is deleted with 0; the time left only gets shorter', async () => {
  const plain = widgetResource()
  const strategy = { ...plain.strategy, gracePeriodSeconds: (_object: unknown, seconds: number | undefined) => seconds ?? 30 }
  await using server = await startTestServer({ resources: [widgetResource({ strategy: strategy as never, returnsDeletedObject: true })] })
  const { call } = server
  await create(call, 'a')
  const first = (await call('DELETE', `${widgetsPath}/a`)).body as Widget
  assert.deepEqual([first.metadata.deletionTimestamp, first.metadata.deletionGracePeriodSeconds], ['2026-01-01T00:00:30Z', 30])
  const longer = (await call('DELETE', `${widgetsPath}/a?gracePeriodSeconds=60`)).body as Widget
  assert.equal(longer.metadata.resourceVersion, first.metadata.resourceVersion)
  const shorter = (await call('DELETE', `${widgetsPath}/a?gracePeriodSeconds=10`)).body as Widget
  assert.equal(shorter.metadata.deletionTimestamp, '2026-01-01T00:00:10Z')
  const gone = (await call('DELETE', `${widgetsPath}/a?gracePeriodSeconds=0`)).body as Widget
  assert.equal(gone.metadata.name, 'a')
  assert.match(await refusal(call('GET', `${widgetsPath}/a`)), /^404/)
})

test('dry run: the answer of a write that does not happen', async () => {
  await using server = await startTestServer()
  const { call } = server
  const dry = (await call('POST', `${widgetsPath}?dryRun=All`, newWidget('a'))).body as Widget
  assert.equal(dry.metadata.resourceVersion, undefined)
  assert.ok(dry.metadata.uid)
  await create(call, 'a')
  assert.match(await refusal(call('POST', `${widgetsPath}?dryRun=All`, newWidget('a'))), /^409 AlreadyExists/)
  const patched = (await call('PATCH', `${widgetsPath}/a?dryRun=All`, { spec: { size: 9 } }, mergePatch)).body as Widget
  assert.equal(patched.spec.size, 9)
  await call('DELETE', `${widgetsPath}/a?dryRun=All`)
  assert.equal(((await call('GET', `${widgetsPath}/a`)).body as Widget).spec.size, 1)
})

test('deletecollection: what the selector matches', async () => {
  await using server = await startTestServer()
  const { call } = server
  for (const name of ['a', 'b', 'c']) await create(call, name, { metadata: { name, labels: { keep: name === 'b' ? 'yes' : 'no' } } })
  const deleted = (await call('DELETE', `${widgetsPath}?labelSelector=keep%3Dno`)).body as { items: Widget[]; kind: string }
  assert.deepEqual([deleted.kind, deleted.items.map(({ metadata }) => metadata.name)], ['WidgetList', ['a', 'c']])
  const left = (await call('GET', widgetsPath)).body as { items: Widget[] }
  assert.deepEqual(
    left.items.map(({ metadata }) => metadata.name),
    ['b'],
  )
})

test('objects with a time to live: gone after it, from their last write on', async () => {
  await using server = await startTestServer({ resources: [widgetResource({ ttlSeconds: 60 })] })
  const { call, clock } = server
  const advance = (ms: number) => (clock as { advance?(ms: number): Promise<void> }).advance!(ms)
  await create(call, 'a')
  await advance(30_000)
  await create(call, 'b')
  await call('PATCH', `${widgetsPath}/a`, { spec: { note: 'x' } }, mergePatch)
  await advance(59_000)
  assert.equal(((await call('GET', widgetsPath)).body as { items: Widget[] }).items.length, 2)
  await advance(2_000)
  assert.equal(((await call('GET', widgetsPath)).body as { items: Widget[] }).items.length, 0)
})

test('unknown fields: a warning, nothing, or a refusal, as asked', async () => {
  await using server = await startTestServer()
  const body = { ...newWidget('a'), extra: 1 }
  const warned = await server.call('POST', `${widgetsPath}?dryRun=All`, body)
  assert.deepEqual(warned.warnings, ['unknown field "extra"'])
  assert.deepEqual((await server.call('POST', `${widgetsPath}?dryRun=All&fieldValidation=Ignore`, body)).warnings, [])
})
