import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeList } from '#apimachinery/meta/v1/object.ts'
import type { StatusError } from '#apimachinery/status/status.ts'
import { startTestServer, type TestCall, widgetsPath } from '../testing/test-server.ts'
import { newWidget, type Widget } from '../testing/widget.ts'

async function list(call: TestCall, query: string): Promise<{ names: string; metadata: KubeList['metadata'] }> {
  const { items, metadata } = (await call('GET', `${widgetsPath}?${query}`)).body as KubeList<Widget>
  return { names: items.map(item => item.metadata.name).join(''), metadata }
}

async function startWith(names: string) {
  const server = await startTestServer()
  for (const name of names)
    await server.call('POST', widgetsPath, newWidget(name, { metadata: { name, labels: { odd: String(name.charCodeAt(0) % 2) } } }))
  return server
}

test('limit and continue: pages of one revision, whatever happens in between', async () => {
  await using server = await startWith('abcde')
  const { call } = server
  const first = await list(call, 'limit=2')
  assert.deepEqual([first.names, first.metadata.remainingItemCount, first.metadata.resourceVersion], ['ab', 3, '5'])
  await call('DELETE', `${widgetsPath}/d`)
  await call('POST', widgetsPath, newWidget('cc'))
  const second = await list(call, `limit=2&continue=${first.metadata.continue}`)
  assert.deepEqual([second.names, second.metadata.resourceVersion], ['cd', '5'])
  const third = await list(call, `limit=2&continue=${second.metadata.continue}`)
  assert.deepEqual([third.names, third.metadata.continue], ['e', undefined])
})

test('continue after compaction: 410 with a token to go on from the newest state', async () => {
  await using server = await startWith('abc')
  const { call, storage } = server
  const first = await list(call, 'limit=1')
  await call('POST', widgetsPath, newWidget('d'))
  await storage.compact(4)
  const error = (await list(call, `limit=1&continue=${first.metadata.continue}`).catch(error => error)) as StatusError
  assert.deepEqual([error.code, error.reason], [410, 'Expired'])
  const fresh = await list(call, `continue=${error.status.metadata.continue}`)
  assert.deepEqual([fresh.names, fresh.metadata.resourceVersion], ['bcd', '4'])
})

test('resourceVersion: exact states from the past, refusals of the future', async () => {
  await using server = await startWith('abc')
  const { call } = server
  await call('DELETE', `${widgetsPath}/a`)
  assert.equal((await list(call, 'resourceVersion=2&resourceVersionMatch=Exact')).names, 'ab')
  assert.equal((await list(call, 'resourceVersion=2&resourceVersionMatch=NotOlderThan')).names, 'bc')
  assert.equal((await list(call, 'resourceVersion=0')).names, 'bc')
  const refusals: [query: string, want: RegExp][] = [
    ['resourceVersion=99', /^Timeout: Too large resource version: 99, current: 4$/],
    ['resourceVersion=x', /^invalid resource version: .*invalid syntax$/],
    ['resourceVersionMatch=Exact', /resourceVersionMatch is forbidden unless resourceVersion is provided/],
    ['timeoutSeconds=x', /^strconv\.ParseInt: parsing "x": invalid syntax$/],
    ['continue=%21', /^invalid continue token: continue key is not valid: illegal base64 data at input byte 0$/],
    ['continue=abcde', /: illegal base64 data at input byte 4$/],
    ['continue=abc', /: invalid character '.' looking for beginning of value$/],
    [`continue=${Buffer.from('null').toString('base64url')}`, /: server does not recognize this encoded version $/],
  ]
  for (const [query, want] of refusals) assert.match((await list(call, query).catch(error => error)).message, want)
})

test('selectors: labels and fields, with limits', async () => {
  await using server = await startWith('abcde')
  const { call } = server
  const first = await list(call, 'labelSelector=odd%3D1&limit=2')
  assert.deepEqual([first.names, first.metadata.remainingItemCount], ['ac', undefined])
  assert.equal((await list(call, `labelSelector=odd%3D1&continue=${first.metadata.continue}`)).names, 'e')
  assert.equal((await list(call, 'fieldSelector=metadata.name%3Dc')).names, 'c')
  assert.equal((await list(call, 'fieldSelector=metadata.name!%3Dc')).names, 'abde')
})

test('shapes: tables and metadata', async () => {
  await using server = await startWith('ab')
  const { server: apiServer } = server
  const send = async (path: string, accept: string) => {
    const [pathname = '', query = ''] = path.split('?')
    const signal = new AbortController().signal
    const response = await apiServer.handle({
      method: 'GET',
      path: pathname,
      query,
      headers: { accept },
      peerCertificate: () => undefined,
      readBody: async () => Buffer.alloc(0),
      signal,
    })
    assert.ok(response.body.type === 'value' || response.body.type === 'chunked')
    const bytes = response.body.type === 'value' ? response.body.bytes() : Buffer.concat([...response.body.chunks(Buffer.allocUnsafe)])
    return Buffer.from(bytes).toString()
  }
  const table = JSON.parse(await send(widgetsPath, 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'))
  assert.deepEqual([table.kind, table.columnDefinitions[0].name, table.rows[1].cells], ['Table', 'Name', ['b', 1]])
  assert.equal(table.rows[0].object.kind, 'PartialObjectMetadata')
  const bare = JSON.parse(await send(`${widgetsPath}/a?includeObject=None`, 'application/json;as=Table;v=v1;g=meta.k8s.io'))
  assert.deepEqual(bare.rows, [{ cells: ['a', 1] }])
  const partial = JSON.parse(await send(widgetsPath, 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'))
  assert.deepEqual([partial.kind, Object.keys(partial.items[0]).sort()], ['PartialObjectMetadataList', ['apiVersion', 'kind', 'metadata']])
  assert.match(await send(`${widgetsPath}/a`, 'application/yaml'), /^apiVersion: test.example\/v1\nkind: Widget\nmetadata:\n/)
})
