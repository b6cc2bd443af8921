import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#base/clock.ts'
import { singly } from '#base/testing/singly.ts'
import { startTestServer, widgetsPath } from '../testing/test-server.ts'
import { newWidget, type Widget } from '../testing/widget.ts'

type TestServer = Awaited<ReturnType<typeof startTestServer>>

/** Collects what a watch tells until it ends; `ended` resolves then. */
function collect({ transport }: TestServer, query: string) {
  const controller = new AbortController()
  const frames: string[] = []
  const objects: Widget[] = []
  const ended = (async () => {
    const stream = transport.watch({ method: 'GET', path: `${widgetsPath}?watch=true&${query}` }, controller.signal)
    for await (const { type, object } of singly(stream)) {
      const { metadata } = object as Widget
      objects.push(object as Widget)
      frames.push(`${type} ${metadata.name ?? ''}@${metadata.resourceVersion ?? ''}`)
    }
  })()
  return { frames, objects, ended, abort: () => controller.abort() }
}

const settle = () => new Promise(resolve => setImmediate(resolve))
const mergePatch = { contentType: 'application/merge-patch+json' }

async function withWidgets(names: string[]): Promise<TestServer> {
  const server = await startTestServer()
  for (const name of names) await server.call('POST', widgetsPath, newWidget(name))
  return server
}

const starts: { name: string; query: string; want: string[] }[] = [
  { name: 'no version: the state, then changes', query: '', want: ['ADDED a@1', 'ADDED b@2', 'ADDED c@3'] },
  { name: 'version 0: the same', query: 'resourceVersion=0', want: ['ADDED a@1', 'ADDED b@2', 'ADDED c@3'] },
  { name: 'exact version: what came after it', query: 'resourceVersion=1', want: ['ADDED b@2', 'ADDED c@3'] },
  { name: 'newest version: only changes', query: 'resourceVersion=2', want: ['ADDED c@3'] },
  { name: 'future version: changes after it', query: 'resourceVersion=3', want: [] },
  {
    name: 'initial events: the state, a bookmark, changes',
    query: 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
    want: ['ADDED a@1', 'ADDED b@2', 'BOOKMARK @2', 'ADDED c@3'],
  },
  { name: 'no initial events', query: 'sendInitialEvents=false&resourceVersionMatch=NotOlderThan', want: ['ADDED c@3'] },
]

for (const { name, query, want } of starts) {
  test(`watch: ${name}`, async () => {
    await using server = await withWidgets(['a', 'b'])
    const watch = collect(server, query)
    await settle()
    await server.call('POST', widgetsPath, newWidget('c'))
    await settle()
    assert.deepEqual(watch.frames, want)
    const bookmark = watch.objects.find(({ metadata }) => metadata.annotations?.['k8s.io/initial-events-end'] !== undefined)
    assert.equal(
      bookmark !== undefined,
      want.some(frame => frame.startsWith('BOOKMARK')),
    )
  })
}

test('watch with a selector: objects come and go as they start and stop to match', async () => {
  await using server = await withWidgets([])
  const byLabel = collect(server, 'labelSelector=color%3Dred')
  const byField = collect(server, 'fieldSelector=spec.node%3Dn1')
  await settle()
  const { call } = server
  await call('POST', widgetsPath, newWidget('a', { metadata: { name: 'a', labels: { color: 'red' } } }))
  await call('PATCH', `${widgetsPath}/a`, { spec: { node: 'n1' } }, mergePatch)
  await call('PATCH', `${widgetsPath}/a`, { metadata: { labels: { color: 'blue' } } }, mergePatch)
  await call('PATCH', `${widgetsPath}/a`, { spec: { node: 'n2' } }, mergePatch)
  await call('PATCH', `${widgetsPath}/a`, { spec: { node: 'n1' } }, mergePatch)
  await call('DELETE', `${widgetsPath}/a`)
  await settle()
  assert.deepEqual(byLabel.frames, ['ADDED a@1', 'MODIFIED a@2', 'DELETED a@3'])
  assert.equal(byLabel.objects[2]!.metadata.labels!['color'], 'red', 'a departed object is shown as it was')
  assert.deepEqual(byField.frames, ['ADDED a@2', 'MODIFIED a@3', 'DELETED a@4', 'ADDED a@5', 'DELETED a@6'])
})

test('watch: a version that history has forgotten → an Expired error event', async () => {
  await using first = await withWidgets(['a', 'b', 'c'])
  await using server = await startTestServer({ storage: first.storage })
  const watch = collect(server, 'resourceVersion=1')
  await settle()
  assert.deepEqual(watch.frames, ['ERROR @'])
  const status = watch.objects[0] as unknown as { code: number; reason: string; message: string }
  assert.deepEqual([status.code, status.reason, status.message], [410, 'Expired', 'too old resource version: 1 (3)'])
  await watch.ended
})

test('watch: bookmarks about every minute, the end after timeoutSeconds', async () => {
  const clock = new VirtualClock()
  await using server = await startTestServer({ clock })
  const watch = collect(server, 'allowWatchBookmarks=true&timeoutSeconds=150')
  await settle()
  await server.call('POST', widgetsPath, newWidget('a'))
  await clock.advance(60_000)
  assert.deepEqual(watch.frames, ['ADDED a@1', 'BOOKMARK @1'])
  await clock.advance(60_000)
  await clock.advance(31_000)
  await watch.ended
  assert.ok(watch.frames.length >= 3 && watch.frames.length <= 4)
})

test('watch: without timeoutSeconds it ends between 30 and 60 minutes', async () => {
  const clock = new VirtualClock()
  await using server = await startTestServer({ clock })
  let hasEnded = false
  const watch = collect(server, '')
  const ended = watch.ended.then(() => (hasEnded = true))
  await settle()
  await clock.advance(30 * 60_000 - 1)
  assert.equal(hasEnded, false)
  await clock.advance(30 * 60_000 + 1)
  await ended
})

test('watch: thousands of objects at the start and a slow reader → nothing lost, nothing twice', async () => {
  await using server = await startTestServer()
  const count = 3000
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      server.call('POST', widgetsPath, newWidget(`w-${index}`, { spec: { note: 'x'.repeat(1000) } })),
    ),
  )
  const watch = collect(server, '')
  await server.call('POST', widgetsPath, newWidget('z'))
  while (watch.frames.length < count + 1) await settle()
  assert.equal(new Set(watch.frames).size, count + 1)
  assert.equal(watch.frames.at(-1), `ADDED z@${count + 1}`)
})

test('watch: refused options', async () => {
  await using server = await startTestServer()
  const refused = async (query: string) => {
    const error = await collect(server, query).ended.then(
      () => undefined,
      error => error,
    )
    return error?.message
  }
  const prefix = 'ListOptions.meta.k8s.io "" is invalid: '
  assert.equal(
    await refused('sendInitialEvents=true'),
    `${prefix}resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`,
  )
  assert.equal(
    await refused('resourceVersionMatch=NotOlderThan'),
    `${prefix}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided`,
  )
})
