import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, type Duplex } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { RealClock } from '#base/clock.ts'
import { dialPortForwardSPDY, dialPortForwardWebSocket } from './client.ts'
import { acceptPortForward } from './server.ts'
import { servePortForward } from './session.ts'

const clock = new RealClock()
const signal = new AbortController().signal

/** Port 1 echoes, every other one refuses. */
async function open(port: number): Promise<Duplex> {
  if (port !== 1) throw new Error('connection refused')
  return new PassThrough()
}

async function startServer(ports: number[]) {
  const server = createServer()
  const sessions: Promise<void>[] = []
  server.on('upgrade', (request, socket, head) => {
    const serving = acceptPortForward({ request, socket, head, clock }, ports).then(async session => {
      if (session !== undefined) await servePortForward(session, { name: 'web', uid: 'u' }, open)
    })
    sessions.push(serving)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/portForward`)
  return {
    url,
    sessions,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

for (const { name, dial } of [
  { name: 'SPDY', dial: dialPortForwardSPDY },
  { name: 'WebSocket tunnel', dial: dialPortForwardWebSocket },
]) {
  test(`${name}: several connections at once → each whole, failures told, end of the client ends the session`, async t => {
    await using server = await startServer([])
    const forwarder = await dial({ url: server.url, clock, signal })
    const content = Buffer.alloc(8 * 2 ** 20, 'z')
    const start = performance.now()
    const lengths = await Promise.all(
      [1, 2, 3].map(async () => {
        const { data, error } = forwarder.open(1)
        data.end(content)
        const got = await buffer(data)
        assert.equal(await error, '')
        return got.length
      }),
    )
    t.diagnostic(`${Math.round((24 * 1000) / (performance.now() - start))} MiB/s`)
    assert.deepEqual(lengths, Array(3).fill(content.length))
    const refused = forwarder.open(99)
    assert.equal(await refused.error, 'error forwarding port 99 to pod web, uid u: connection refused')
    assert.equal(await text(refused.data), '')
    const open = forwarder.open(1)
    open.data.write('x')
    await once(open.data, 'data')
    await forwarder.close()
    await Promise.all(server.sessions)
    assert.throws(() => forwarder.open(1), /connection closed/)
  })
}

test('WebSocket v4: a pair of channels for each port, ports first', async () => {
  await using server = await startServer([1, 258])
  const socket = new WebSocket(server.url.href.replace('http:', 'ws:'), ['v4.channel.k8s.io'])
  const messages: Buffer[] = []
  const echoed = Promise.withResolvers<void>()
  socket.on('message', (data: Buffer) => {
    messages.push(data)
    if (data[0] === 0 && data.toString().endsWith('hello')) echoed.resolve()
  })
  await once(socket, 'open')
  socket.send('\0hello')
  await echoed.promise
  const on = (channel: number) => messages.filter(message => message[0] === channel).map(message => message.subarray(1).toString('latin1'))
  assert.deepEqual([0, 1, 2, 3].map(on), [
    ['\x01\0', 'hello'],
    ['\x01\0'],
    ['\x02\x01'],
    ['\x02\x01', 'error forwarding port 258 to pod web, uid u: connection refused'],
  ])
  socket.close()
  await Promise.all(server.sessions)
})

test('WebSocket v4: no port → 400', async () => {
  await using server = await startServer([])
  const socket = new WebSocket(server.url.href.replace('http:', 'ws:'), ['v4.channel.k8s.io'])
  const [error] = (await once(socket, 'error')) as [Error]
  assert.match(error.message, /400/)
})
