import assert from 'node:assert/strict'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readKubeconfig } from '#client/kubeconfig/kubeconfig-file.ts'
import { parameterNames } from './openapi.ts'
import { routes } from './routes.ts'
import { TestServer } from './test-server.ts'
import { askControl, askDone, TestAPI } from './testing.ts'

/** On a node that no test takes away. */
const pod = (name: string, image = 'web') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'main', image }], nodeSelector: { 'kubernetes.io/hostname': 'node-0' } },
})

describe('test server', () => {
  let server: TestServer
  let api: TestAPI
  before(async () => {
    const cluster = { nodes: { count: 2 }, clock: 'virtual', seed: 1 } as const
    server = await TestServer.start({ cluster, images: { slow: { readyAfterMs: 30_000 } } })
    api = await TestAPI.connect(server.endpoint)
  })
  after(async () => {
    api[Symbol.dispose]()
    await server[Symbol.asyncDispose]()
  })

  const create = (body: unknown) => api.request('POST', '/api/v1/namespaces/default/pods', body)
  const call = (method: string, path: string, body?: unknown) => askControl(server.endpoint.control, method, path, body)
  const done = (method: string, path: string, body?: unknown) => askDone(server.endpoint.control, method, path, body)

  test('says how the cluster is reached; the kubeconfig is private', async () => {
    assert.deepEqual(await done('GET', '/'), server.endpoint)
    const { kubeconfig, url } = server.endpoint
    assert.equal((await readKubeconfig(kubeconfig))?.clusters[0]?.cluster.server, url)
    assert.deepEqual([(await stat(kubeconfig)).mode & 0o777, (await stat(dirname(kubeconfig))).mode & 0o777], [0o600, 0o700])
  })

  test('time: tells it, moves it, lets the cluster settle', async () => {
    const before = await done('GET', '/clock')
    assert.deepEqual(before, { now: new Date(before.nowMs).toISOString(), nowMs: before.nowMs, virtual: true })
    assert.equal((await done('POST', '/clock/advance', { duration: '1m30s' })).nowMs, before.nowMs + 90_000)
    assert.equal((await done('POST', '/clock/advance', { duration: 10_000 })).nowMs, before.nowMs + 100_000)
    assert.equal((await done('POST', '/clock/settle')).nowMs, before.nowMs + 100_000)
  })

  test('waits for a condition, a field, an end; the events tell what happened', async () => {
    const web = pod('web', 'slow')
    await create(web)
    const ref = { apiVersion: 'v1', kind: 'Pod', name: 'web' }
    const began = (await done('GET', '/clock')).nowMs
    assert.equal((await done('POST', '/wait', { ...ref, for: 'Running' })).status.phase, 'Running')
    const ip = { ...ref, pointer: '/status/podIP' }
    assert.match((await done('POST', '/wait', ip)).status.podIP, /^10\./)
    await done('POST', '/wait', { ...ref, namespace: 'default', pointer: '/status/containerStatuses/0/ready', value: true })
    assert.equal((await done('GET', '/clock')).nowMs, began)
    const { items } = await done('GET', '/events?kind=Pod&name=web')
    assert.deepEqual(
      items.map(({ reason }: { reason: string }) => reason),
      ['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started'],
    )
    await api.request('DELETE', '/api/v1/namespaces/default/pods/web')
    await done('POST', '/wait', { ...ref, for: 'Deleted' })
  })

  test('a wait that is in vain ends at its limit, and tells the state', async () => {
    const never = { apiVersion: 'v1', kind: 'Node', name: 'node-0', for: 'Asleep', timeout: '5m' }
    const before = (await done('GET', '/clock')).nowMs
    const { status, body } = await call('POST', '/wait', never)
    assert.deepEqual([status, body.reason], [504, 'Timeout'])
    assert.match(body.message, /^Timeout: Node node-0 was not Asleep within 5m0s; its status: \{.*"capacity"/)
    assert.equal((await done('GET', '/clock')).nowMs, before + 300_000)
  })

  test('images: defined all together, taken back', async () => {
    const defined = await done('POST', '/images', { job: { exitAfterMs: 1_000, exitCode: 3 }, 'registry.local/app:1': { crash: 1 } })
    assert.deepEqual(defined, { images: ['job', 'registry.local/app:1'] })
    await create(pod('job', 'job'))
    const ended = { apiVersion: 'v1', kind: 'Pod', name: 'job', pointer: '/status/containerStatuses/0/lastState/terminated/exitCode' }
    assert.equal((await done('POST', '/wait', { ...ended, value: 3 })).metadata.name, 'job')
    assert.deepEqual(await done('DELETE', '/images?name=registry.local/app:1'), { images: ['registry.local/app:1'] })
    assert.equal((await call('DELETE', '/images?name=registry.local/app:1')).status, 404)
  })

  test('images: one that makes no sense leaves the others undefined', async () => {
    const { status, body } = await call('POST', '/images', { fine: {}, broken: { memory: 'much' } })
    assert.equal(status, 400)
    assert.match(body.message, /^\[broken\]: Invalid value: .*"much" is no amount/)
    assert.equal((await call('DELETE', '/images?name=fine')).status, 404)
  })

  test('nodes: come and go', async () => {
    const added = await done('POST', '/nodes', { count: 2, namePrefix: 'gpu', labels: { gpu: 'yes' } })
    assert.deepEqual(added, { nodes: ['gpu-0', 'gpu-1'] })
    const { metadata } = await done('POST', '/wait', { apiVersion: 'v1', kind: 'Node', name: 'gpu-0', for: 'Ready' })
    assert.equal(metadata.labels.gpu, 'yes')
    assert.deepEqual(await done('DELETE', '/nodes/gpu-0'), { nodes: ['gpu-0'] })
    assert.deepEqual(await done('GET', '/nodes'), { nodes: ['node-0', 'node-1', 'gpu-1'] })
    assert.equal((await call('DELETE', '/nodes/gpu-0')).status, 404)
  })

  test('faults of requests: ordered, counted, taken back', async () => {
    const order = { requests: { program: 'test', resource: 'configmaps', verb: 'get' }, status: 429, times: 'forever' }
    const { id } = await done('POST', '/faults/requests/fail', order)
    const read = () => api.request('GET', '/api/v1/namespaces/default/configmaps/kube-root-ca.crt')
    for (let round = 0; round < 2; round++) await assert.rejects(read(), { code: 429 })
    assert.deepEqual(await done('GET', '/faults'), { items: [{ id, fault: 'requests/fail', hits: 2 }] })
    assert.deepEqual(await done('DELETE', `/faults/${id}`), { id, fault: 'requests/fail', hits: 2 })
    await read()
    assert.equal((await call('DELETE', `/faults/${id}`)).status, 404)
    await done('POST', '/faults/requests/fail', { ...order, status: { code: 418, reason: 'Teapot', message: 'short and stout' } })
    await assert.rejects(read(), { code: 418, reason: 'Teapot', message: 'short and stout' })
    await done('POST', '/faults/requests/disconnect', { requests: { program: 'nobody' } })
    const { items } = await done('DELETE', '/faults')
    assert.deepEqual(
      items.map(({ fault, hits }: { fault: string; hits: number }) => [fault, hits]),
      [
        ['requests/fail', 1],
        ['requests/disconnect', 0],
      ],
    )
    await read()
    assert.deepEqual(await done('GET', '/faults'), { items: [] })
  })

  test('faults of watches: events that are lost, watches that end', async () => {
    await done('POST', '/faults/watches/drop', {
      events: { resource: 'pods', type: ['ADDED', 'MODIFIED'], name: 'unseen' },
      times: 'forever',
    })
    await create(pod('unseen'))
    await done('POST', '/clock/settle')
    const { status } = await api.request('GET', '/api/v1/namespaces/default/pods/unseen')
    assert.deepEqual(status, { phase: 'Pending', qosClass: 'BestEffort' })
    await done('DELETE', '/faults')
    const { watches } = await done('POST', '/faults/watches/expire', { watches: { resource: 'pods' } })
    assert.ok(watches > 0)
    await done('POST', '/wait', { apiVersion: 'v1', kind: 'Pod', name: 'unseen', for: 'Running' })
  })

  test('faults of the server and of pulls', async () => {
    await done('POST', '/faults/apiserver/restart')
    const { id } = await done('POST', '/faults/pulls/fail', { image: 'rare', error: 'unauthorized' })
    await create(pod('impatient', 'rare'))
    const waiting = { apiVersion: 'v1', kind: 'Pod', name: 'impatient', pointer: '/status/containerStatuses/0/state/waiting/reason' }
    await done('POST', '/wait', { ...waiting, value: 'ImagePullBackOff' })
    assert.deepEqual(await done('DELETE', `/faults/${id}`), { id, fault: 'pulls/fail', hits: 1 })
    await done('POST', '/wait', { apiVersion: 'v1', kind: 'Pod', name: 'impatient', for: 'Ready' })
  })

  test('faults of a node: calls of its runtime, containers, the machine', async () => {
    await done('POST', '/nodes', { count: 1, namePrefix: 'frail', labels: { frail: 'yes' } })
    const call = { verb: 'createContainer', code: 'Unknown', message: 'no luck' }
    await done('POST', '/nodes/frail-0/faults/fail', call)
    const fragile = pod('fragile')
    await create({ ...fragile, spec: { ...fragile.spec, nodeSelector: { frail: 'yes' } } })
    const ref = { apiVersion: 'v1', kind: 'Pod', name: 'fragile' }
    const { status } = await done('POST', '/wait', { ...ref, for: 'Ready' })
    const { items } = await done('GET', '/events?kind=Pod&name=fragile')
    assert.ok(items.some(({ message }: { message: string }) => message.includes('no luck')))
    const restarted = async (value: number) => {
      const { status } = await done('POST', '/wait', { ...ref, pointer: '/status/containerStatuses/0/restartCount', value })
      return status.containerStatuses[0].lastState.terminated
    }
    await done('POST', '/nodes/frail-0/kill', { container: status.containerStatuses[0].containerID })
    assert.equal((await restarted(1)).exitCode, 137)
    await done('POST', '/wait', { ...ref, for: 'Ready' })
    await done('POST', '/faults/oom-kill', { name: 'fragile' })
    assert.equal((await restarted(2)).reason, 'OOMKilled')
    await done('POST', '/wait', { ...ref, for: 'Ready' })
    for (const action of ['stop', 'start']) assert.deepEqual(await done('POST', `/nodes/frail-0/${action}`), { nodes: ['frail-0'] })
    assert.equal((await restarted(3)).exitCode, 255)
    await done('DELETE', '/faults')
  })

  const refusals: { name: string; method?: string; path: string; body?: unknown; status: number; field?: string; message: RegExp }[] = [
    { name: 'an unknown route', path: '/clok', status: 404, message: /^routes "\/clok" not found$/ },
    { name: 'a slash too much', path: '/clock/', status: 404, message: /not found$/ },
    { name: 'a wrong method', method: 'PUT', path: '/clock', status: 405, message: /^PUT is not supported/ },
    { name: 'no JSON', path: '/clock/advance', body: '{"duration":', status: 400, message: /^the body is no JSON: / },
    { name: 'no body', path: '/clock/advance', status: 400, field: 'duration', message: /Required value/ },
    { name: 'no duration', path: '/clock/advance', body: { duration: 'soon' }, status: 400, field: 'duration', message: /is no duration/ },
    {
      name: 'time that goes back',
      path: '/clock/advance',
      body: { duration: -1 },
      status: 400,
      field: 'duration',
      message: /must be 0 or more/,
    },
    { name: 'an unknown parameter', method: 'GET', path: '/events?nam=x', status: 400, field: 'nam', message: /unknown field/ },
    {
      name: 'a node that cannot be',
      path: '/nodes',
      body: { count: 1, namePrefix: 'A' },
      status: 400,
      field: 'namePrefix',
      message: /RFC 1123/,
    },
    { name: 'no nodes', path: '/nodes', body: { count: 0 }, status: 400, field: 'count', message: /must be 1 to/ },
    {
      name: 'nothing to wait for',
      path: '/wait',
      body: { apiVersion: 'v1', kind: 'Pod', name: 'a' },
      status: 400,
      field: 'for',
      message: /Required/,
    },
    {
      name: 'a pointer that is none',
      path: '/wait',
      body: { apiVersion: 'v1', kind: 'Pod', name: 'a', pointer: 'status' },
      status: 400,
      field: 'pointer',
      message: /must be a JSON Pointer/,
    },
    {
      name: 'a kind that there is not',
      path: '/wait',
      body: { apiVersion: 'v1', kind: 'Pood', name: 'a', for: 'Ready' },
      status: 400,
      field: 'kind',
      message: /Pood/,
    },
    { name: 'an image without a name', path: '/images', body: { ' ': {} }, status: 400, field: '[ ]', message: /is no name of an image/ },
    {
      name: 'a failure that servers do not have',
      path: '/faults/requests/fail',
      body: { status: 418 },
      status: 400,
      field: 'status',
      message: /supported values/,
    },
    { name: 'a fault of no node', path: '/nodes/nowhere/stop', status: 404, message: /^nodes "nowhere" not found$/ },
    {
      name: 'to kill what there is not',
      path: '/faults/oom-kill',
      body: { name: 'nobody' },
      status: 404,
      message: /^pods "nobody" not found$/,
    },
    {
      name: 'a container that there is not',
      path: '/nodes/node-0/kill',
      body: { container: 'x' },
      status: 400,
      field: 'container',
      message: /not found/,
    },
    { name: 'a body that is too large', path: '/images', body: ' '.repeat(2 ** 20 + 1), status: 413, message: /limit is 1048576/ },
  ]
  for (const { name, method = 'POST', path, body, status, field, message } of refusals) {
    test(`refuses ${name} → ${status}`, async () => {
      const answer = await call(method, path, body)
      assert.match(answer.body.message, message)
      assert.deepEqual([answer.status, answer.body.kind, answer.body.code], [status, 'Status', status])
      assert.equal(answer.body.details?.causes?.[0].field, field)
      if (status === 405) assert.equal(answer.headers.get('allow'), 'GET')
    })
  }

  test('who does not know the secret learns nothing', async () => {
    const { origin } = new URL(server.endpoint.control)
    for (const path of ['/', '/clock', '/x/clock', '/%00/clock', '//clock']) {
      const answer = await fetch(origin + path)
      assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin')], [404, null])
      assert.ok(!(await answer.text()).includes(server.endpoint.control.split('/').at(-1)!))
    }
  })

  test('the document describes every route', async () => {
    const { openapi, servers, paths } = await done('GET', '/openapi.json')
    assert.deepEqual([openapi, servers], ['3.1.0', [{ url: server.endpoint.control }]])
    for (const { method, path, summary, body } of routes) {
      if (path === '/openapi.json') continue
      const operation = paths[path][method.toLowerCase()]
      assert.equal(operation.summary, summary)
      assert.equal(operation.requestBody !== undefined, body !== undefined)
      const ofPath = (operation.parameters ?? []).filter((each: { in: string }) => each.in === 'path')
      assert.deepEqual(
        ofPath.map((each: { name: string }) => each.name),
        parameterNames(path),
      )
    }
    const advance = paths['/clock/advance'].post.requestBody.content['application/json'].schema
    assert.deepEqual([advance.required, advance.properties.duration.anyOf.length], [['duration'], 2])
  })
})

test('test server: stops when it is asked to; who waits is told; nothing is left', async () => {
  const server = await TestServer.start({ cluster: { nodes: { count: 1 } } })
  const { control, kubeconfig } = server.endpoint
  const body = { apiVersion: 'v1', kind: 'Pod', name: 'none', for: 'Ready' }
  const waiting = fetch(`${control}/wait`, { method: 'POST', body: JSON.stringify(body) })
  const answer = await fetch(`${control}/stop`, { method: 'POST' })
  assert.deepEqual(await answer.json(), server.endpoint)
  await server.stopped
  await server[Symbol.asyncDispose]()
  assert.equal((await waiting).status, 503)
  await assert.rejects(access(dirname(kubeconfig)), { code: 'ENOENT' })
  await assert.rejects(fetch(control), TypeError)
})
