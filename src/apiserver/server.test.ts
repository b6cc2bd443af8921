import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatusError } from '#apimachinery/status/status.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { OtherVersion } from './registry/resource.ts'
import { startTestServer, widgetsPath } from './testing/test-server.ts'
import { newWidget, type Widget, widgetResource } from './testing/widget.ts'

test('server: create, get, list, update, patch, delete of a widget', async () => {
  await using server = await startTestServer()
  const { call } = server
  const created = (await call('POST', widgetsPath, newWidget('a', { spec: { note: 'x' } }))).body as Widget
  assert.equal(created.metadata.namespace, 'default')
  assert.equal(created.spec.size, 1)
  assert.match(created.metadata.uid!, /^[0-9a-f-]{36}$/)
  assert.equal(created.metadata.resourceVersion, '1')
  assert.deepEqual((await call('GET', `${widgetsPath}/a`)).body, created)
  const list = (await call('GET', widgetsPath)).body as { items: Widget[]; metadata: { resourceVersion: string } }
  assert.deepEqual(list.items, [created])
  assert.equal(list.metadata.resourceVersion, '1')
  const updated = (await call('PUT', `${widgetsPath}/a`, { ...created, spec: { size: 3 } })).body as Widget
  assert.equal(updated.metadata.resourceVersion, '2')
  assert.equal(updated.metadata.generation, 2)
  const again = (await call('PUT', `${widgetsPath}/a`, updated)).body as Widget
  assert.equal(again.metadata.resourceVersion, '2', 'an update that changes nothing writes nothing')
  const patched = (await call('PATCH', `${widgetsPath}/a`, { spec: { size: 5 } }, { contentType: 'application/merge-patch+json' }))
    .body as Widget
  assert.equal(patched.spec.size, 5)
  const gone = await call('DELETE', `${widgetsPath}/a`)
  assert.deepEqual(gone.body, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'a', group: 'test.example', kind: 'widgets', uid: created.metadata.uid },
  })
  await assert.rejects(call('GET', `${widgetsPath}/a`), (error: StatusError) => {
    assert.equal(error.message, 'widgets.test.example "a" not found')
    return true
  })
})

test('stop: not ready, watches end, requests are refused', async () => {
  await using started = await startTestServer()
  const { server, call, transport } = started
  const get = (path: string) =>
    call('GET', path).then(
      answer => answer.body,
      (error: StatusError) => error.code,
    )
  assert.equal(await get('/readyz'), 'ok')
  const watch = transport.watch({ method: 'GET', path: `${widgetsPath}?watch=1` }, new AbortController().signal)
  const ended = Array.fromAsync(watch)
  await new Promise(resolve => setImmediate(resolve))
  server.stop()
  assert.deepEqual(await ended, [])
  assert.equal(await get(widgetsPath), 503)
  assert.equal(await get('/readyz'), 500)
  assert.equal(await get('/livez'), 'ok')
})

test('another version: shown, selected and written as its own kind, stored once', async () => {
  const plain = widgetResource()
  const info = { ...plain.info, version: 'v2' }
  const swap = (object: KubeObject, apiVersion: string, from: string, to: string) => {
    const { spec, ...rest } = object as KubeObject & { spec: Record<string, unknown> }
    const { [from]: value, ...others } = spec
    return { ...rest, apiVersion, spec: { ...others, ...(value !== undefined && { [to]: value }) } } as KubeObject
  }
  const other: OtherVersion = {
    info,
    fromStorage: object => swap(object, 'test.example/v2', 'note', 'node'),
    toStorage: object => swap(object, 'test.example/v1', 'node', 'note'),
  }
  await using started = await startTestServer({ resources: [widgetResource({ otherVersions: [other] })] })
  const { call } = started
  const v2 = widgetsPath.replace('/v1/', '/v2/')
  const created = (await call('POST', v2, { ...newWidget('a', { spec: { node: 'text' } }), apiVersion: 'test.example/v2' })).body as Widget
  assert.deepEqual([created.apiVersion, created.spec.node, created.spec.note], ['test.example/v2', 'text', undefined])
  const stored = (await call('GET', `${widgetsPath}/a`)).body as Widget
  assert.deepEqual([stored.apiVersion, stored.spec.note, stored.metadata.uid], ['test.example/v1', 'text', created.metadata.uid])
  assert.deepEqual(stored.metadata.managedFields?.[0]?.apiVersion, 'test.example/v2')
  const list = (await call('GET', v2)).body as { apiVersion: string; items: Widget[] }
  assert.deepEqual([list.apiVersion, list.items[0]!.spec.node], ['test.example/v2', 'text'])
})
