import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { after, before, test } from 'node:test'
import type { ConfigMap } from '#api/core/v1/types.gen.ts'
import { builtinResourceInfos } from '#api/resources.ts'
import { isAlreadyExists, isForbidden, isNotFound, StatusError } from '#apimachinery/status/status.ts'
import { startCluster } from '#cluster/index.ts'
import { singly } from '#base/testing/singly.ts'
import { HTTPSTransport, type HTTPSTransportOptions } from './https-transport.ts'
import { RESTClient } from './rest-client.ts'
import { RESTMapper } from './rest-mapper.ts'
import type { WatchFrame } from './transport.ts'

const { signal } = new AbortController()
const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' }
const configMap = (name: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data: { text: 'naïve 漢字 🦀' },
})

let cluster: Awaited<ReturnType<typeof startCluster>>
before(async () => {
  cluster = await startCluster()
})
after(() => cluster.stop())

function connect(changes: Partial<HTTPSTransportOptions> = {}): HTTPSTransport {
  const { ca, admin } = cluster.certificates
  return new HTTPSTransport({ server: cluster.url, ca, cert: admin.certificate, key: admin.key, userAgent: 'test', ...changes })
}

test('HTTPS transport: verbs, a watch and refusals, as in process', async () => {
  using transport = connect()
  const client = new RESTClient(transport, new RESTMapper(transport, builtinResourceInfos))
  const { metadata } = await client.list<ConfigMap>(ref, signal)
  const created = await client.create(configMap('a'), signal)
  assert.deepEqual(created.data, { text: 'naïve 漢字 🦀' })
  await assert.rejects(client.create(configMap('a'), signal), isAlreadyExists)
  await assert.rejects(
    client.get({ ...ref, name: 'nobody' }, signal),
    error => isNotFound(error) && error.message === 'configmaps "nobody" not found',
  )
  const { resourceVersion = '' } = metadata
  for await (const event of singly(client.watch<ConfigMap>({ ...ref, resourceVersion, fieldSelector: 'metadata.name=a' }, signal))) {
    assert.deepEqual([event.type, event.object.data], ['ADDED', created.data])
    break
  }
  await client.delete({ ...ref, name: 'a' }, signal)
})

test('HTTPS transport: a refused watch is a StatusError; a warning is told', async () => {
  using transport = connect()
  const refused = transport.watch({ method: 'GET', path: '/api/v1/nothing?watch=true' }, signal)
  await assert.rejects(refused.next(), isNotFound)
  const path = '/api/v1/namespaces/default/configmaps?fieldValidation=Warn'
  const { warnings } = await transport.request({ method: 'POST', path, body: { ...configMap('w'), colour: 'red' } }, signal)
  assert.deepEqual(warnings, ['unknown field "colour"'])
})

test('HTTPS transport: other credentials', async () => {
  const path = '/api/v1/namespaces/default/configmaps'
  const asWhom: { name: string; options: Partial<HTTPSTransportOptions>; want: (error: unknown) => boolean }[] = [
    { name: 'a wrong token', options: { token: 'nonsense' }, want: error => error instanceof StatusError && error.code === 401 },
    { name: 'nobody', options: {}, want: isForbidden },
    {
      name: 'a server of another name',
      options: { tlsServerName: 'somewhere.example' },
      want: error => /altnames/.test((error as Error).message),
    },
    { name: 'no authority', options: { ca: '' }, want: error => /certificate/.test((error as Error).message) },
  ]
  for (const { name, options, want } of asWhom) {
    using transport = new HTTPSTransport({ server: cluster.url, ca: cluster.certificates.ca, userAgent: 'test', ...options })
    await assert.rejects(
      transport.request({ method: 'GET', path }, signal),
      error => want(error) || assert.fail(`${name}: ${String(error)}`),
    )
  }
  using named = connect({ tlsServerName: 'kubernetes.default.svc' })
  assert.equal((await named.request({ method: 'GET', path }, signal)).status, 200)
  using careless = connect({ ca: '', insecureSkipTLSVerify: true })
  assert.equal((await careless.request({ method: 'GET', path }, signal)).status, 200)
})

test('HTTPS transport: nobody listens → an error that is no answer', async () => {
  using transport = connect({ server: 'https://127.0.0.1:1' })
  await assert.rejects(transport.request({ method: 'GET', path: '/api' }, signal), { code: 'ECONNREFUSED' })
})

/** An HTTPS server that answers as the test says; `connections` counts. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const { certificate, key } = cluster.certificates.apiserver
  const server = createServer({ cert: certificate, key }, answer)
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('secureConnection', socket => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const transport = connect({ server: `https://127.0.0.1:${(server.address() as AddressInfo).port}` })
  return {
    transport,
    server,
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    closeIdle: () => server.closeIdleConnections(),
    async [Symbol.asyncDispose]() {
      transport[Symbol.dispose]()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const json = { 'content-type': 'application/json' }
const get = { method: 'GET', path: '/x' } as const

test('HTTPS transport: requests one after the other share a connection', async () => {
  await using served = await serve((_request, response) => response.writeHead(200, json).end('{}'))
  for (let index = 0; index < 3; index++) await served.transport.request(get, signal)
  assert.equal(served.connections, 1)
})

test('HTTPS transport: the server closes a connection that was kept → a read is asked again on a new one', async () => {
  let requests = 0
  await using served = await serve((request, response) => {
    requests += 1
    // As it looks when the server gives up an idle connection at the moment of the request.
    if (requests === 2) request.socket.destroy()
    else response.writeHead(200, json).end('{}')
  })
  await served.transport.request(get, signal)
  assert.equal((await served.transport.request(get, signal)).status, 200)
  assert.deepEqual([requests, served.connections], [3, 2])
})

test('HTTPS transport: a write is never sent twice', async () => {
  let writes = 0
  await using served = await serve((request, response) => {
    if (request.method === 'POST') {
      writes += 1
      request.socket.destroy()
    } else response.writeHead(200, json).end('{}')
  })
  await served.transport.request(get, signal)
  await assert.rejects(served.transport.request({ method: 'POST', path: '/x', body: {} }, signal))
  assert.equal(writes, 1)
})

test('HTTPS transport: aborted before, during and after the head of an answer → the reason', async () => {
  const reason = new Error('stopped')
  await using served = await serve((request, response) => {
    if (request.url === '/half') response.writeHead(200, json).write('{"a":')
  })
  await assert.rejects(served.transport.request(get, AbortSignal.abort(reason)), reason)
  for (const path of ['/never', '/half']) {
    const controller = new AbortController()
    const asked = once(served.server, 'request')
    const asking = served.transport.request({ method: 'GET', path }, controller.signal)
    await asked
    await new Promise(resolve => setImmediate(resolve))
    controller.abort(reason)
    await assert.rejects(asking, reason)
  }
})

test('HTTPS transport: an answer that is no Status, and one that is cut', async () => {
  await using served = await serve((request, response) => {
    if (request.url === '/cut') response.writeHead(200, { ...json, 'content-length': 100 }).write('{"a":', () => request.socket.destroy())
    else response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>')
  })
  await assert.rejects(served.transport.request(get, signal), error => {
    assert.ok(error instanceof StatusError)
    assert.equal(error.message, 'an error on the server ("<h1>Bad Gateway</h1>") has prevented the request from succeeding')
    return error.code === 502
  })
  await assert.rejects(served.transport.request({ method: 'GET', path: '/cut' }, signal), { code: 'ECONNRESET' })
})

const frame = (text: string): WatchFrame => ({ type: 'ADDED', object: { text } })

async function framesOf(transport: HTTPSTransport, inner = signal): Promise<WatchFrame[]> {
  const frames: WatchFrame[] = []
  for await (const received of transport.watch({ method: 'GET', path: '/watch' }, inner)) frames.push(...received)
  return frames
}

test('HTTPS transport: a watch in pieces of one byte: characters and lines come whole', async () => {
  const frames = [frame('naïve'), frame('漢字 🦀'), frame('')]
  const bytes = Buffer.from(frames.map(each => `${JSON.stringify(each)}\n`).join(''))
  await using served = await serve((_request, response) => {
    response.writeHead(200, json)
    for (const byte of bytes) response.write(Buffer.of(byte))
    response.end()
  })
  assert.deepEqual(await framesOf(served.transport), frames)
})

test('HTTPS transport: a watch that is cut in the middle of a line → an error after the whole lines', async () => {
  await using served = await serve((request, response) => {
    response.writeHead(200, json).write(`${JSON.stringify(frame('a'))}\n{"type":"ADD`, () => request.socket.destroy())
  })
  const seen: WatchFrame[] = []
  const watching = async () => {
    for await (const received of served.transport.watch({ method: 'GET', path: '/watch' }, signal)) seen.push(...received)
  }
  await assert.rejects(watching(), { code: 'ECONNRESET' })
  assert.deepEqual(seen, [frame('a')])
})

test('HTTPS transport: a watch that is aborted, and one that its reader leaves, give their connections back', async () => {
  await using served = await serve((_request, response) => response.writeHead(200, json).write(`${JSON.stringify(frame('a'))}\n`))
  const reason = new Error('stopped')
  const controller = new AbortController()
  const watch = served.transport.watch({ method: 'GET', path: '/watch' }, controller.signal)
  await watch.next()
  const next = watch.next()
  controller.abort(reason)
  await assert.rejects(next, reason)
  for await (const received of served.transport.watch({ method: 'GET', path: '/watch' }, signal)) {
    assert.deepEqual(received, [frame('a')])
    break
  }
  while (served.open > 0) await new Promise(resolve => setImmediate(resolve))
})
