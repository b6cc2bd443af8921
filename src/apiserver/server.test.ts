import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '#apimachinery/status/status.ts'
import { startTestServer, widgetsPath } from './testing/test-server.ts'
import { newWidget, type Widget } from './testing/widget.ts'

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
