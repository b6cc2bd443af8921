import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { RealClock } from '#base/clock.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import { HTTPFront } from './http/front.ts'
import { InProcessTransport } from './inprocess/transport.ts'
import { ServerSlot } from './server-slot.ts'
import { selfSignedCertificate } from './testing/certificate.ts'
import { sendH1, TestH2Client } from './testing/http-client.ts'
import { startTestServer, testUser, widgetsPath } from './testing/test-server.ts'
import { newWidget } from './testing/widget.ts'
import type { StoredObject } from './storage/stored-object.ts'

const lost = { name: 'ConnectionLostError' }
const never = new AbortController().signal

test('server slot: a server dies, in process and over HTTP, and another takes its place at the same port', async () => {
  await using stack = new AsyncDisposableStack()
  const storage = new MemoryStorage<StoredObject>()
  const first = stack.use(await startTestServer({ storage }))
  const slot = new ServerSlot()
  slot.put(first.server)
  const clock = new RealClock()
  const front = new HTTPFront({ server: slot, clock, ...(await selfSignedCertificate('test')) })
  const { port } = await front.listen(0, '127.0.0.1')
  stack.defer(() => front.stop(1_000))
  const transport = new InProcessTransport(slot, testUser, 'test')
  const watch = transport.watch({ method: 'GET', path: `${widgetsPath}?watch=1` }, never)
  const nextEvent = assert.rejects(watch.next(), lost)
  const h2 = stack.use(new TestH2Client(port))
  const stream = h2.session.request({ ':path': `${widgetsPath}?watch=1` })
  await once(stream, 'response')
  const broken = once(stream, 'close')
  // Under way: its body is read, then it is written.
  const create = transport.request({ method: 'POST', path: widgetsPath, body: newWidget('a') }, never)
  slot.crash()
  slot.crash()
  await Promise.all([nextEvent, broken, assert.rejects(create, lost)])
  await assert.rejects(transport.request({ method: 'GET', path: widgetsPath }, never), lost)
  await assert.rejects(sendH1(port, 'GET', widgetsPath), { code: 'ECONNRESET' })

  const second = await startTestServer({ storage })
  stack.defer(() => second.server[Symbol.dispose]())
  slot.put(second.server)
  assert.equal((await transport.request({ method: 'GET', path: widgetsPath }, never)).status, 200)
  assert.equal((await sendH1(port, 'GET', widgetsPath)).status, 200)
  assert.equal(slot.inProcess.underWay, 0)
  slot.crash()
})

test('server slot: a watch that was answered before the server died, and is read after, breaks', async () => {
  await using server = await startTestServer()
  const signal = never
  const request = { method: 'GET', path: widgetsPath, query: 'watch=1', headers: {}, user: testUser, signal }
  const response = await server.server.handle({ ...request, peerCertificate: () => undefined, readBody: async () => Buffer.alloc(0) })
  assert.ok(response.body.type === 'watch')
  server.server.crash()
  const told: string[] = []
  const say = (what: string) => () => void told.push(what)
  response.body.start({ event: say('event'), bookmark: say('bookmark'), flush: () => true, end: say('end'), break: say('break') })
  assert.deepEqual(told, ['break'])
})
