import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ClusterEndpoint } from './hosted-cluster.ts'
import { TestServer } from './test-server.ts'
import { askControl, askDone, TestAPI } from './testing.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
const configMap = (name: string, data = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
const web = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'main', image: 'web' }] } }
const ref = { apiVersion: 'v1', kind: 'Pod', name: 'web' }

describe('test server: faults of the storage, the API server, sandboxes and kubelets', () => {
  let server: TestServer
  let api: TestAPI
  before(async () => {
    server = await TestServer.start({ cluster: { nodes: { count: 1 }, clock: 'virtual', seed: 1 } })
    api = await TestAPI.connect(server.endpoint)
  })
  after(async () => {
    api[Symbol.dispose]()
    await server[Symbol.asyncDispose]()
  })

  const call = (method: string, path: string, body?: unknown) => askControl(server.endpoint.control, method, path, body)
  const done = (method: string, path: string, body?: unknown) => askDone(server.endpoint.control, method, path, body)
  const create = (name: string, data?: object) => api.request('POST', configMaps, configMap(name, data))
  const hits = async () => (await done('GET', '/faults')).items.map((item: { fault: string; hits: number }) => `${item.fault} ${item.hits}`)

  test('a full disk: what is not made is not there', async () => {
    await done('POST', '/faults/storage/fail', { writes: { keyPrefix: '/registry/configmaps/', operation: 'create' }, message: 'no room' })
    await assert.rejects(create('full'), { code: 500, message: /no room/ })
    await assert.rejects(api.request('GET', `${configMaps}/full`), { code: 404 })
    await create('full')
    assert.deepEqual(await hits(), ['storage/fail 1'])
    await done('DELETE', '/faults')
  })

  test('writes are told by what they write', async () => {
    const writes = { pointer: '/data/color', value: 'red' }
    const { id } = await done('POST', '/faults/storage/fail', { writes, times: 'forever' })
    await create('green', { color: 'green' })
    await assert.rejects(create('red', { color: 'red' }), { code: 500 })
    assert.equal((await done('DELETE', `/faults/${id}`)).hits, 1)
    await create('red', { color: 'red' })
  })

  test('a slow disk: the write waits for time to go on', async () => {
    await done('POST', '/faults/storage/delay', { writes: { keyPrefix: '/registry/configmaps/' }, delayMs: 5_000 })
    const made = create('slow').then(() => 'made')
    await done('POST', '/clock/advance', { duration: '4s' })
    assert.equal(await Promise.race([made, api.request('GET', configMaps).then(() => 'waits')]), 'waits')
    await done('POST', '/clock/advance', { duration: '1s' })
    assert.equal(await made, 'made')
    await done('DELETE', '/faults')
  })

  test('the API server dies in the middle of a write: nobody is told, and it is made', async () => {
    await done('POST', '/faults/apiserver/restart-at', { writes: { keyPrefix: '/registry/configmaps/' } })
    await assert.rejects(create('made'))
    await done('POST', '/clock/settle')
    await api.request('GET', `${configMaps}/made`)
    await done('POST', '/faults/apiserver/restart-at', { writes: { keyPrefix: '/registry/configmaps/' }, when: 'before' })
    await assert.rejects(create('lost'))
    await done('POST', '/clock/settle')
    await assert.rejects(api.request('GET', `${configMaps}/lost`), { code: 404 })
    assert.deepEqual(await hits(), ['apiserver/restart-at 1', 'apiserver/restart-at 1'])
    await done('DELETE', '/faults')
  })

  test('the API server is down until it is started', async () => {
    await done('POST', '/faults/apiserver/stop')
    await assert.rejects(api.request('GET', configMaps))
    const { status, body } = await call('GET', '/events')
    assert.deepEqual([status, body.reason, body.message], [503, 'ServiceUnavailable', 'the API server does not answer'])
    await done('POST', '/clock/advance', { duration: '1m' })
    const fork = (await done('POST', '/fork')) as ClusterEndpoint
    const late = await askControl(fork.control, 'POST', '/nodes', { count: 1, namePrefix: 'late' })
    assert.deepEqual([late.status, late.body.reason], [504, 'Timeout'])
    await askDone(fork.control, 'POST', '/stop')
    await done('POST', '/faults/apiserver/start')
    await api.request('GET', configMaps)
  })

  test('a sandbox that dies is made anew, a kubelet that is down does nothing', async () => {
    await api.request('POST', '/api/v1/namespaces/default/pods', web)
    const { status } = await done('POST', '/wait', { ...ref, for: 'Ready' })
    await done('POST', '/nodes/node-0/stop-kubelet')
    await done('POST', '/faults/kill-sandbox', { name: 'web' })
    await done('POST', '/clock/advance', { duration: '10s' })
    const ofPod = '/api/v1/namespaces/default/pods/web'
    assert.equal((await api.request('GET', ofPod)).status.podIP, status.podIP)
    await done('POST', '/nodes/node-0/start-kubelet')
    await done('POST', '/clock/advance', { duration: '1m' })
    assert.notEqual((await api.request('GET', ofPod)).status.podIP, status.podIP)
  })

  const refusals: { path: string; body: unknown; field: string; message: RegExp }[] = [
    { path: '/faults/storage/delay', body: {}, field: 'delayMs', message: /Required value/ },
    { path: '/faults/storage/delay', body: { delayMs: -1 }, field: 'delayMs', message: /must be 0 or more/ },
    {
      path: '/faults/storage/fail',
      body: { writes: { keyPrefix: 'pods' } },
      field: 'writes.keyPrefix',
      message: /must begin with \/registry\//,
    },
    { path: '/faults/storage/fail', body: { writes: { operation: 'patch' } }, field: 'writes.operation', message: /supported values/ },
    { path: '/faults/storage/fail', body: { writes: { pointer: 'spec' } }, field: 'writes.pointer', message: /must be a JSON Pointer/ },
    { path: '/faults/storage/fail', body: { writes: { value: 1 } }, field: 'writes.value', message: /only be given with pointer/ },
    { path: '/faults/storage/fail', body: { writes: { where: '() => true' } }, field: 'writes.where', message: /unknown field/ },
    { path: '/faults/storage/fail', body: { times: 0 }, field: 'times', message: /must be 1 or more/ },
    { path: '/faults/apiserver/restart-at', body: { when: 'during' }, field: 'when', message: /supported values/ },
    { path: '/faults/apiserver/restart-at', body: { nth: 0 }, field: 'nth', message: /must be 1 or more/ },
    {
      path: '/faults/requests/fail',
      body: { requests: { verb: 'PUT' }, status: 409 },
      field: 'requests.verb',
      message: /supported values/,
    },
    { path: '/faults/kill-sandbox', body: {}, field: 'name', message: /Required value/ },
    {
      path: '/nodes/node-0/faults/fail',
      body: { verb: 'dance', code: 'Unknown', message: '' },
      field: 'verb',
      message: /supported values/,
    },
    { path: '/nodes/node-0/faults/fail', body: { verb: 'status', code: 'OK', message: '' }, field: 'code', message: /supported values/ },
  ]
  for (const { path, body, field, message } of refusals) {
    test(`refuses ${path} ${JSON.stringify(body)}`, async () => {
      const answer = await call('POST', path, body)
      assert.deepEqual([answer.status, answer.body.kind, answer.body.details?.causes?.[0].field], [400, 'Status', field])
      assert.match(answer.body.message, message)
      assert.deepEqual(await hits(), [])
    })
  }
})
