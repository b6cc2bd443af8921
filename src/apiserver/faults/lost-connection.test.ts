import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { test } from 'node:test'
import { RealClock } from '#base/clock.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import { HTTPFront } from '../http/front.ts'
import { selfSignedCertificate } from '../testing/certificate.ts'
import { sendH1, TestH2Client } from '../testing/http-client.ts'
import { startTestServer, widgetsPath } from '../testing/test-server.ts'
import { newWidget } from '../testing/widget.ts'
import { ServerFaults } from './server-faults.ts'
import type { StoredObject } from '../storage/stored-object.ts'

async function start() {
  const clock = new RealClock()
  const storage = new MemoryStorage<StoredObject>()
  const stack = new AsyncDisposableStack()
  const faults = new ServerFaults({ clock, storage })
  const { server, call } = stack.use(await startTestServer({ clock, storage, server: { faults } }))
  const front = new HTTPFront({ server, clock, ...(await selfSignedCertificate('test')) })
  const { port } = await front.listen(0, '127.0.0.1')
  stack.defer(async () => {
    server.stop()
    await front.stop(1_000)
  })
  const h2 = stack.use(new TestH2Client(port))
  return { faults, call, port, h2, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const created = { body: JSON.stringify(newWidget('a')), headers: { 'content-type': 'application/json' } }

test('a lost answer over HTTP/1.1 and HTTP/2: done, and the connection or the stream breaks; the next request is answered', async () => {
  await using server = await start()
  server.faults.requests.disconnect({ verb: 'create' }, { when: 'after' })
  await assert.rejects(sendH1(server.port, 'POST', widgetsPath, created), { code: 'ECONNRESET' })
  assert.equal((await sendH1(server.port, 'GET', `${widgetsPath}/a`)).status, 200)
  server.faults.requests.disconnect({ verb: 'get' })
  await assert.rejects(server.h2.send('GET', `${widgetsPath}/a`), { code: 'ERR_HTTP2_STREAM_ERROR' })
  assert.equal((await server.h2.send('GET', `${widgetsPath}/a`)).status, 200)
})

test('a watch over HTTP/1.1 and HTTP/2 breaks in the middle', async () => {
  await using server = await start()
  const path = `${widgetsPath}?watch=1`
  const request = httpsRequest({ host: '127.0.0.1', port: server.port, path, rejectUnauthorized: false, agent: false }).end()
  const [h1] = (await once(request, 'response')) as [IncomingMessage]
  const h2 = server.h2.session.request({ ':path': path })
  await once(h2, 'response')
  await server.call('POST', widgetsPath, newWidget('a'))
  for (const stream of [h1, h2]) assert.match(String((await once(stream, 'data'))[0]), /"ADDED"/)
  const ended = [once(h1, 'error'), once(h2, 'error')]
  assert.equal(server.faults.watches.disconnect(), 2)
  const codes = (await Promise.all(ended)).map(([error]) => (error as NodeJS.ErrnoException).code)
  assert.deepEqual(codes, ['ECONNRESET', 'ERR_HTTP2_STREAM_ERROR'])
})
