import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer, widgetsPath } from '../testing/test-server.ts'
import { newWidget, type Widget } from '../testing/widget.ts'

test('get at an exact version: the object as it was, also when it is gone', async () => {
  await using server = await startTestServer()
  const { call, storage } = server
  await call('POST', widgetsPath, newWidget('other'))
  const created = (await call('POST', widgetsPath, newWidget('a'))).body as Widget
  await call('PUT', `${widgetsPath}/a`, { ...created, spec: { size: 7 } })
  await call('DELETE', `${widgetsPath}/a`)
  await call('POST', widgetsPath, newWidget('other-2'))
  const at = async (revision: number) => {
    const answer = call('GET', `${widgetsPath}/a?resourceVersion=${revision}&resourceVersionMatch=Exact`)
    return answer.then(
      ({ body }) => `${(body as Widget).metadata.resourceVersion}: ${(body as Widget).spec.size}`,
      error => `${error.code} ${error.reason}`,
    )
  }
  const size = created.spec.size
  const seen: Record<number, string> = {}
  for (const revision of [0, 1, 2, 3, 4, 5, 6]) seen[revision] = await at(revision)
  assert.deepEqual(seen, {
    0: '400 BadRequest',
    1: '404 NotFound',
    2: `2: ${size}`,
    3: '3: 7',
    4: '404 NotFound',
    5: '404 NotFound',
    6: '504 Timeout',
  })
  await storage.compact(3)
  assert.deepEqual([await at(2), await at(3)], ['410 Expired', '3: 7'])
})
