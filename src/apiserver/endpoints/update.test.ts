import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer, widgetsPath } from '../testing/test-server.ts'
import { newWidget, type Widget } from '../testing/widget.ts'

test('PUT in process: what is still that of the stored object is shared with it, all else is copied and read', async () => {
  await using server = await startTestServer()
  const path = `${widgetsPath}/a`
  const created = (await server.call('POST', widgetsPath, { ...newWidget('a'), spec: { parts: [{ name: 'x' }] } })).body as Widget
  const metadata = { ...created.metadata, labels: { a: 'b' } }
  const relabelled = (await server.call('PUT', path, { ...created, metadata })).body as Widget
  assert.equal(relabelled.spec, created.spec)
  metadata.labels.a = 'changed later'
  assert.deepEqual(relabelled.metadata.labels, { a: 'b' })

  const spec = { ...created.spec, parts: [{ name: 'y', size: 0, colour: 'red' }] }
  const { body, warnings } = await server.call('PUT', path, { ...relabelled, spec })
  const changed = body as Widget
  assert.deepEqual(warnings, ['unknown field "spec.parts[0].size"', 'unknown field "spec.parts[0].colour"'])
  assert.deepEqual(changed.spec.parts, [{ name: 'y' }])
  assert.deepEqual(created.spec.parts, [{ name: 'x' }])
  assert.equal(changed.metadata.generation, 2)
  assert.equal(changed.metadata.managedFields?.length, 1)
  assert.deepEqual(Object.keys(changed.metadata.managedFields[0]!.fieldsV1 as object).sort(), ['f:metadata', 'f:spec'])
})

test('PUT in process: an object without metadata is read as one that came in bytes', async () => {
  await using server = await startTestServer()
  await server.call('POST', widgetsPath, newWidget('a'))
  await assert.rejects(server.call('PUT', `${widgetsPath}/a`, { apiVersion: 'test.example/v1', kind: 'Widget', metadata: 5 }), {
    code: 400,
  })
})
