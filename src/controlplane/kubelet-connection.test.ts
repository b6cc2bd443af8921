import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request as requestHTTPS } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { StatusError } from '#apimachinery/status/status.ts'
import { HTTPSTransport } from '#client/https-transport.ts'
import { ClusterPKI } from '#cluster/pki/cluster-pki.ts'
import { MemoryPKIFiles } from '#cluster/pki/files.ts'
import { startCluster } from '#cluster/start-cluster.ts'

const { signal } = new AbortController()

let cluster: Awaited<ReturnType<typeof startCluster>>
let transport: HTTPSTransport
before(async () => {
  cluster = await startCluster()
  transport = new HTTPSTransport({
    server: cluster.url,
    ca: cluster.certificates.ca,
    cert: admin().cert,
    key: admin().key,
    userAgent: 'test',
  })
})
after(async () => {
  transport[Symbol.dispose]()
  await cluster.stop()
})

const admin = () => ({ cert: cluster.certificates.admin.certificate, key: cluster.certificates.admin.key })
let names = 0

/** A kubelet that answers as the test says, its node, and a pod on it. */
async function startNode(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  { isTrusted = true, hasAddress = true }: { isTrusted?: boolean; hasAddress?: boolean } = {},
) {
  const name = `n${names++}`
  const { serving } = await cluster.pki.loadNode(name, ['127.0.0.1'])
  const { certificate: cert, key } = isTrusted ? serving : await strangersCertificate(name)
  const server = createServer({ cert, key, ca: cluster.certificates.ca, requestCert: true, rejectUnauthorized: true }, answer)
  const sockets = new Set<Socket>()
  server.on('secureConnection', socket => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} }
  await cluster.client.create(node)
  const addresses = hasAddress ? [{ type: 'InternalIP', address: '127.0.0.1' }] : []
  const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } }
  await cluster.client.patch({ apiVersion: 'v1', kind: 'Node', name }, { type: 'merge', body: { status } }, { subresource: 'status' })
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { nodeName: name, containers: [{ name: 'c', image: 'i' }] } }
  await cluster.client.create(pod)
  return {
    name,
    server,
    port,
    path: `/api/v1/namespaces/default/pods/${name}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function strangersCertificate(name: string) {
  const other = new ClusterPKI(new MemoryPKIFiles(), { serverAddresses: [], now: Date.now() })
  await other.load()
  return (await other.loadNode(name, ['127.0.0.1'])).serving
}

const get = (path: string) => transport.request({ method: 'GET', path }, signal)

async function refusal(path: string): Promise<{ code: number; message: string }> {
  try {
    await get(path)
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error))
    return { code: error.code, message: error.message }
  }
  throw new Error(`${path} was not refused`)
}

test('a log: asked of the kubelet of the pod, as the API server, and streamed', async () => {
  let asked: { path: string | undefined; user: string | string[] | undefined } | undefined
  await using node = await startNode((request, response) => {
    asked = { path: request.url, user: (request.socket as TLSSocket).getPeerCertificate().subject.CN }
    response.writeHead(200, { 'content-type': 'text/plain' }).end('one\ntwo 🦀\n')
  })
  const { body } = await get(`${node.path}/log?tailLines=2&timestamps=true`)
  assert.equal(body, 'one\ntwo 🦀\n')
  assert.deepEqual(asked, {
    path: `/containerLogs/default/${node.name}/c?timestamps=true&tailLines=2`,
    user: 'kube-apiserver-kubelet-client',
  })
})

const answers: { name: string; status: number; body: string; want: { code: number; message: RegExp } }[] = [
  {
    name: '400',
    status: 400,
    body: 'container "c" is waiting to start',
    want: { code: 400, message: /^container "c" is waiting to start$/ },
  },
  { name: '500', status: 500, body: 'no such file', want: { code: 500, message: /^Internal error occurred: no such file$/ } },
  { name: '404', status: 404, body: 'nothing here', want: { code: 404, message: /could not find the requested resource/ } },
]
for (const { name, status, body, want } of answers) {
  test(`a log: the kubelet answers ${name} → in its words`, async () => {
    await using node = await startNode((_request, response) => response.writeHead(status).end(body))
    const { code, message } = await refusal(`${node.path}/log`)
    assert.equal(code, want.code)
    assert.match(message, want.message)
  })
}

test('a log: nobody listens on the node → 500 that says so; the server goes on', async () => {
  const node = await startNode(() => undefined)
  await node[Symbol.asyncDispose]()
  const { code, message } = await refusal(`${node.path}/log`)
  assert.deepEqual([code, /error dialing backend: connect ECONNREFUSED/.test(message)], [500, true])
  assert.equal((await get('/api/v1/nodes')).status, 200)
})

test('a log: the kubelet shows the certificate of a stranger → nothing is asked of it', async () => {
  let requests = 0
  await using node = await startNode(() => (requests += 1), { isTrusted: false })
  const { code, message } = await refusal(`${node.path}/log`)
  assert.equal(code, 500)
  assert.match(message, /error dialing backend/)
  assert.equal(requests, 0)
})

test('a log: a node without an address → an error that says so', async () => {
  await using node = await startNode(() => undefined, { hasAddress: false })
  assert.match((await refusal(`${node.path}/log`)).message, /no preferred addresses found/)
})

test('a log: the kubelet breaks off in the middle → so does the answer', async () => {
  await using node = await startNode((request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half', () => request.socket.destroy())
  })
  await assert.rejects(get(`${node.path}/log`), error => !(error instanceof StatusError))
})

test("a node's own pages, with their query, method and body; its answers are the client's", async () => {
  const asked: string[] = []
  await using node = await startNode((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${Buffer.concat(parts).toString()} ${request.headers.authorization ?? '-'}`)
      response.writeHead(418, { 'x-mine': 'yes' }).end('short and stout')
    })
  })
  const path = `/api/v1/nodes/${node.name}/proxy/stats/summary?only=cpu`
  await assert.rejects(
    transport.request({ method: 'POST', path, body: { a: 1 } }, signal),
    error => error instanceof StatusError && error.code === 418,
  )
  await assert.rejects(
    get(`/api/v1/nodes/https:${node.name}:${node.port}/proxy/healthz`),
    error => error instanceof StatusError && error.code === 418,
  )
  assert.deepEqual(asked, ['POST /stats/summary?only=cpu {"a":1} -', 'GET /healthz  -'])
})

test('proxies go to no place of the server itself, and say what they do not understand', async () => {
  await using node = await startNode((_request, response) => response.end('never'))
  const status = { podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] }
  const pod = { apiVersion: 'v1', kind: 'Pod', name: node.name } as const
  assert.deepEqual(await refusal(`${node.path}/proxy/`), { code: 400, message: 'address not allowed' })
  await cluster.client.patch(pod, { type: 'merge', body: { status } }, { subresource: 'status' })
  assert.deepEqual(await refusal(`${node.path}:${node.port}/proxy/`), { code: 400, message: 'address not allowed' })
  assert.deepEqual(await refusal(`/api/v1/nodes/${node.name}:22/proxy/`), { code: 400, message: 'address not allowed' })
  assert.deepEqual(await refusal(`${node.path}:http/proxy/`), { code: 400, message: `invalid pod request "${node.name}:http"` })
  assert.deepEqual(await refusal(`/api/v1/nodes/a:b:c:d/proxy/`), { code: 400, message: 'invalid node request "a:b:c:d"' })
})

/** Asks for an upgrade; what comes back. */
async function upgrade(path: string): Promise<{ statusCode: number | undefined; socket?: Socket; body?: string }> {
  const { hostname, port } = new URL(cluster.url)
  const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' }
  const outgoing = requestHTTPS({ hostname, port, path, method: 'POST', headers, ca: cluster.certificates.ca, ...admin(), agent: false })
  outgoing.end()
  return new Promise((resolve, reject) => {
    outgoing.on('upgrade', (response, socket) => resolve({ statusCode: response.statusCode, socket: socket as Socket }))
    outgoing.on('response', response => {
      text(response).then(body => resolve({ statusCode: response.statusCode, body }), reject)
    })
    outgoing.on('error', reject)
  })
}

test('exec: the upgrade reaches the kubelet, bytes go both ways, the end of one side ends the other', async () => {
  await using node = await startNode(() => assert.fail('not an upgrade'))
  let asked = ''
  const ended = Promise.withResolvers<void>()
  node.server.on('upgrade', (request, socket) => {
    asked = `${request.method} ${request.url}`
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n')
    socket.on('data', (data: Buffer) => socket.write(data.toString().toUpperCase()))
    socket.on('close', () => ended.resolve()).on('error', () => undefined)
  })
  const { statusCode, socket } = await upgrade(`${node.path}/exec?command=ls&command=-l&stdout=true`)
  assert.equal(statusCode, 101)
  assert.equal(asked, `POST /exec/default/${node.name}/c?output=1&command=ls&command=-l`)
  socket!.write('echo')
  const [data] = (await once(socket!, 'data')) as [Buffer]
  assert.equal(data.toString(), 'ECHO')
  socket!.destroy()
  await ended.promise
})

test('exec: the kubelet refuses the upgrade, or is away → the client is told', async () => {
  const node = await startNode((_request, response) => response.writeHead(404, { 'content-type': 'text/plain' }).end('pod does not exist'))
  const path = `${node.path}/exec?command=ls&stdout=true`
  node.server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 18\r\n\r\npod does not exist'))
  assert.deepEqual(await upgrade(path), { statusCode: 404, body: 'pod does not exist' })
  await node[Symbol.asyncDispose]()
  const { statusCode, body } = await upgrade(path)
  assert.equal(statusCode, 500)
  assert.match((JSON.parse(body!) as { message: string }).message, /error dialing backend: connect ECONNREFUSED/)
})

test('exec without an upgrade → 400', async () => {
  await using node = await startNode(() => assert.fail('nothing to ask'))
  assert.deepEqual(await refusal(`${node.path}/exec?command=ls&stdout=true`), { code: 400, message: 'Upgrade request required' })
})
