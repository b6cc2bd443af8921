import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { createInterface } from 'node:readline'
import { RealClock } from '#base/clock.ts'
import { selfSignedCertificate } from '../testing/certificate.ts'
import { sendH1, TestH2Client } from '../testing/http-client.ts'
import { startTestServer, widgetsPath } from '../testing/test-server.ts'
import { newWidget } from '../testing/widget.ts'
import { HTTPFront } from './front.ts'

const stack = new AsyncDisposableStack()
let port = 0
let client: TestH2Client

before(async () => {
  const clock = new RealClock()
  const { server } = stack.use(await startTestServer({ clock }))
  const front = new HTTPFront({ server, clock, ...(await selfSignedCertificate('test')) })
  ;({ port } = await front.listen(0, '127.0.0.1'))
  stack.defer(async () => {
    server.stop()
    await front.stop(1000)
  })
  client = stack.use(new TestH2Client(port))
})

after(() => stack.disposeAsync())

const json = { 'content-type': 'application/json' }

test('HTTP/2 and HTTP/1.1: create and get answer the same bytes', async () => {
  const body = JSON.stringify(newWidget('a', { spec: { note: 'ü' } }))
  const created = await client.send('POST', widgetsPath, { body, headers: json })
  assert.equal(created.status, 201)
  assert.equal(created.headers['content-type'], 'application/json')
  const h2 = await client.send('GET', `${widgetsPath}/a`)
  const h1 = await sendH1(port, 'GET', `${widgetsPath}/a`)
  assert.equal(h2.text, created.text)
  assert.equal(h1.text, created.text)
  assert.equal(h1.headers['cache-control'], 'no-cache, private')
  assert.equal(h1.json().spec.note, 'ü')
})

test('watch over both protocols: events of a create', async () => {
  const path = `${widgetsPath}?watch=1&fieldSelector=metadata.name%3Dwatched`
  const stream = client.session.request({ ':path': path })
  await once(stream, 'response')
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]()
  await client.send('POST', widgetsPath, { body: JSON.stringify(newWidget('watched')), headers: json })
  await client.send('DELETE', `${widgetsPath}/watched`)
  const added = JSON.parse((await lines.next()).value!)
  const deleted = JSON.parse((await lines.next()).value!)
  assert.equal(added.type, 'ADDED')
  assert.equal(deleted.type, 'DELETED')
  assert.ok(Number(deleted.object.metadata.resourceVersion) > Number(added.object.metadata.resourceVersion))
  stream.close()
  const h1 = httpsRequest({ host: '127.0.0.1', port, path: `${widgetsPath}?watch=1`, rejectUnauthorized: false, agent: false }).end()
  const [answer] = (await once(h1, 'response')) as [IncomingMessage]
  const [chunk] = (await once(answer, 'data')) as [Buffer]
  assert.equal(JSON.parse(chunk.toString().split('\n')[0]!).type, 'ADDED')
  h1.destroy()
})

test('a body over 3 MiB: 413, and the server goes on', async () => {
  const body = Buffer.alloc(3 * 1024 * 1024 + 1, ' ')
  const h1 = await sendH1(port, 'POST', widgetsPath, { body, headers: { ...json, 'content-length': String(body.length) } })
  assert.equal(h1.status, 413)
  assert.equal(h1.json().message, 'Request entity too large: limit is 3145728')
  assert.equal((await client.send('GET', '/readyz')).text, 'ok')
})

test('a big list: gzip when asked for', async () => {
  for (let index = 0; index < 40; index++) {
    const widget = newWidget(`big-${index}`, { spec: { note: 'n'.repeat(5000) } })
    await client.send('POST', widgetsPath, { body: JSON.stringify(widget), headers: json })
  }
  const plain = await client.send('GET', widgetsPath)
  assert.equal(plain.json().items.length, 41)
  const stream = client.session.request({ ':path': widgetsPath, 'accept-encoding': 'gzip' })
  const [headers] = (await once(stream, 'response')) as [Record<string, string>]
  assert.equal(headers['content-encoding'], 'gzip')
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  assert.equal(gunzipSync(Buffer.concat(chunks)).toString(), plain.text)
})

interface Refusal {
  name: string
  send: [method: string, path: string, body?: string | undefined, headers?: Record<string, string>]
  want: [number, string, string]
}

const refusals: Refusal[] = [
  {
    name: 'no JSON',
    send: ['POST', widgetsPath, 'hello', json],
    want: [
      400,
      'BadRequest',
      "the object provided is unrecognized (must be of type Widget): couldn't get version/kind; json parse error: ",
    ],
  },
  { name: 'unknown object', send: ['GET', `${widgetsPath}/none`], want: [404, 'NotFound', 'widgets.test.example "none" not found'] },
  {
    name: 'unknown method',
    send: ['PUT', widgetsPath, '{}', json],
    want: [405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  },
  {
    name: 'unknown media type of the body',
    send: ['POST', widgetsPath, 'x', { 'content-type': 'text/plain' }],
    want: [
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json, ',
    ],
  },
  {
    name: 'unacceptable answer',
    send: ['GET', widgetsPath, undefined, { accept: 'text/csv' }],
    want: [406, 'NotAcceptable', 'only the following media types are accepted: application/json, application/yaml'],
  },
  {
    name: 'unknown dryRun',
    send: ['POST', `${widgetsPath}?dryRun=Some`, '{}', json],
    want: [422, 'Invalid', 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: '],
  },
  ...[
    ['json', '[', 'error decoding patch: unexpected end of JSON input'],
    ['json', '{}', 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    ['merge', '{"a":]', "error decoding patch: invalid character ']' looking for beginning of value"],
    ['merge', '[]', 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['strategic-merge', '"a"', 'json: cannot unmarshal string into Go value of type map[string]interface {}'],
  ].map(
    ([type, body, message]): Refusal => ({
      name: `unreadable ${type} patch ${body}`,
      send: ['PATCH', `${widgetsPath}/a`, body, { 'content-type': `application/${type}-patch+json` }],
      want: [400, 'BadRequest', message!],
    }),
  ),
  {
    name: 'malformed limit',
    send: ['GET', `${widgetsPath}?limit=x`],
    want: [400, 'BadRequest', 'strconv.ParseInt: parsing "x": invalid syntax'],
  },
  {
    name: 'unknown field selector',
    send: ['GET', `${widgetsPath}?fieldSelector=spec.color%3Dred`],
    want: [400, 'BadRequest', 'field label not supported: spec.color'],
  },
]

for (const { name, send, want } of refusals) {
  test(`refusal: ${name} → ${want[0]}`, async () => {
    const [method, path, body, headers] = send
    const answer = await client.send(method, path, { ...(body !== undefined && { body }), ...(headers && { headers }) })
    const status = answer.json()
    assert.deepEqual([answer.status, status.code, status.reason], [want[0], want[0], want[1]])
    assert.ok(status.message.startsWith(want[2]), status.message)
  })
}

test('unknown paths: as upstream answers them', async () => {
  for (const path of ['/nothing', '/apis/example.com', '/apis/example.com/v1/unicorns']) {
    const { status, text } = await client.send('GET', path)
    assert.deepEqual({ path, status, text }, { path, status: 404, text: '404 page not found\n' })
  }
  const served = ['/api/v2', '/api/v1/unicorns', `${widgetsPath}/a/none`, '/apis/test.example/v2', '/apis/test.example/v1/unicorns']
  for (const path of served) {
    const { status, json } = await client.send('GET', path)
    const { reason, message, details } = json()
    const want = { path, status: 404, reason: 'NotFound', message: 'the server could not find the requested resource', details: {} }
    assert.deepEqual({ path, status, reason, message, details }, want)
  }
})
