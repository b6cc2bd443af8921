import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { after, before, test } from 'node:test'
import type { Duplex } from 'node:stream'
import { newNotFound } from '#apimachinery/status/status.ts'
import { RealClock } from '#base/clock.ts'
import { selfSignedCertificate } from '../testing/certificate.ts'
import { sendH1, TestH2Client } from '../testing/http-client.ts'
import { startTestServer, widgetsPath } from '../testing/test-server.ts'
import { widgetResource } from '../testing/widget.ts'
import type { Subresource } from '../registry/resource.ts'
import { HTTPFront } from './front.ts'

const kind = { group: 'test.example', version: 'v1', kind: 'Widget' }

/** Answers a line, or echoes an upgraded connection; there is no widget called `none`. */
const echo: Subresource = {
  type: 'connect',
  methods: ['GET', 'POST'],
  kind,
  async connect(name, { response, upgrade, query, rest }) {
    if (name === 'none') throw newNotFound({ group: 'test.example', resource: 'widgets' }, name)
    if (upgrade === undefined) {
      response.setHeader('content-type', 'text/plain')
      response.end(`${name} ${query.get('x')} ${rest}`)
      return
    }
    upgrade.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    upgrade.socket.pipe(upgrade.socket)
    await once(upgrade.socket, 'close')
  },
}

const stack = new AsyncDisposableStack()
let port = 0

before(async () => {
  const clock = new RealClock()
  const { server } = stack.use(await startTestServer({ clock, resources: [widgetResource({ subresources: { echo } })] }))
  const front = new HTTPFront({ server, clock, ...(await selfSignedCertificate('test')) })
  ;({ port } = await front.listen(0, '127.0.0.1'))
  stack.defer(async () => {
    server.stop()
    await front.stop(1000)
  })
})

after(() => stack.disposeAsync())

function upgrade(path: string) {
  return httpsRequest({
    host: '127.0.0.1',
    port,
    path,
    headers: { connection: 'Upgrade', upgrade: 'echo' },
    rejectUnauthorized: false,
    agent: false,
  }).end()
}

test('connect: plain answers over both protocols', async () => {
  const path = `${widgetsPath}/a/echo/more/path?x=1`
  assert.equal((await sendH1(port, 'GET', path)).text, 'a 1 more/path')
  await using client = new TestH2Client(port)
  assert.equal((await client.send('GET', path)).text, 'a 1 more/path')
})

test('connect: an upgraded connection belongs to the subresource', async () => {
  const [, socket] = (await once(upgrade(`${widgetsPath}/a/echo`), 'upgrade')) as [IncomingMessage, Duplex]
  socket.write('hello')
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  assert.equal(chunk.toString(), 'hello')
  socket.destroy()
})

test('connect: a refusal before the answer began is a Status', async () => {
  const [answer] = (await once(upgrade(`${widgetsPath}/none/echo`), 'response')) as [IncomingMessage]
  assert.equal(answer.statusCode, 404)
  const status = JSON.parse(Buffer.concat(await answer.toArray()).toString())
  assert.equal(status.message, 'widgets.test.example "none" not found')
  await using client = new TestH2Client(port)
  assert.equal((await client.send('GET', `${widgetsPath}/none/echo`)).json().reason, 'NotFound')
  assert.equal((await client.send('DELETE', `${widgetsPath}/a/echo`)).status, 405)
})
