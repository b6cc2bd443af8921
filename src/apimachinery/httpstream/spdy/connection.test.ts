import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { createDeflate, constants as zlib } from 'node:zlib'
import { RealClock } from '#base/clock.ts'
import { SPDYConnection } from './connection.ts'
import { headerDictionary } from './dictionary.ts'
import type { SPDYStream } from './stream.ts'

const nothing = Buffer.alloc(0)
const clock = new RealClock()

/** Two ends of a TCP connection. */
async function socketPair(): Promise<{ near: Socket; far: Socket; [Symbol.dispose](): void }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1', allowHalfOpen: true })
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  return {
    near,
    far,
    [Symbol.dispose]() {
      near.destroy()
      far.destroy()
    },
  }
}

async function connectionPair(handle: (stream: SPDYStream) => void | Promise<void>) {
  const onStream = (stream: SPDYStream) => {
    Promise.resolve(handle(stream)).catch(error => stream.destroy(error as Error))
  }
  const sockets = await socketPair()
  const server = new SPDYConnection(sockets.far, nothing, { role: 'server', clock, onStream })
  const client = new SPDYConnection(sockets.near, nothing, { role: 'client', clock })
  return { ...sockets, server, client, [Symbol.dispose]: sockets[Symbol.dispose] }
}

function write(stream: Duplex, chunk: Buffer, total: number): void {
  let sent = 0
  const more = () => {
    while (sent < total) {
      sent += chunk.length
      if (!stream.write(chunk)) {
        stream.once('drain', more)
        return
      }
    }
    stream.end()
  }
  more()
}

async function digest(stream: Readable): Promise<{ bytes: number; sha: string }> {
  const hash = createHash('sha1')
  let bytes = 0
  for await (const part of stream as AsyncIterable<Buffer>) {
    bytes += part.length
    hash.update(part)
  }
  return { bytes, sha: hash.digest('hex') }
}

test('stream: headers, both halves and their ends → arrive', async () => {
  const seen: [string | undefined, string][] = []
  using pair = await connectionPair(async stream => {
    stream.accept()
    const got = await text(stream)
    seen.push([stream.headers.get('streamtype'), got])
    stream.end(`got ${got}`)
  })
  for (const type of ['error', 'stdin']) {
    const stream = pair.client.createStream(new Map([['streamType', type]]))
    stream.end(`hello ${type}`)
    assert.equal(await text(stream), `got hello ${type}`)
  }
  assert.deepEqual(seen, [
    ['error', 'hello error'],
    ['stdin', 'hello stdin'],
  ])
  await Promise.all([pair.client.close(), pair.server.close()])
})

test('stream: 64 MiB each way at once → nothing is lost', async () => {
  const total = 64 * 2 ** 20
  const chunk = randomBytes(100_000)
  const expected = Math.ceil(total / chunk.length) * chunk.length
  let far: Promise<{ bytes: number; sha: string }> | undefined
  using pair = await connectionPair(stream => {
    stream.accept()
    far = digest(stream)
    write(stream, chunk, total)
  })
  const stream = pair.client.createStream(new Map())
  write(stream, chunk, total)
  const near = await digest(stream)
  const farDigest = await far!
  assert.equal(near.bytes, expected)
  assert.deepEqual(farDigest, near)
})

test('stream: nobody reads → the writer is held up, and goes on when somebody does', async () => {
  let far: SPDYStream | undefined
  using pair = await connectionPair(stream => {
    far = stream
  })
  const stream = pair.client.createStream(new Map())
  const chunk = Buffer.alloc(2 ** 20, 'x')
  const total = 64 * 2 ** 20
  write(stream, chunk, total)
  while (far === undefined || pair.near.writableLength === 0 || !pair.far.isPaused()) await new Promise(resolve => setImmediate(resolve))
  assert.ok(far.readableLength < 2 ** 20, 'the reading side keeps little')
  assert.equal((await buffer(far)).length, total)
})

test('reset: by destroy → the peer can read what came before, its writes are dropped', async () => {
  let far: SPDYStream | undefined
  using pair = await connectionPair(stream => {
    far = stream
  })
  const stream = pair.client.createStream(new Map())
  stream.write('before')
  await new Promise<void>(resolve => pair.near.write('', () => resolve()))
  stream.destroy()
  while (far === undefined) await new Promise(resolve => setImmediate(resolve))
  if (!far.isReset) await once(far, 'reset')
  far.write('dropped')
  assert.equal(await text(far), 'before')
  assert.equal(pair.client.signal.aborted, false)
})

test('connection: socket breaks → streams end and writers are released', async () => {
  let far: SPDYStream | undefined
  using pair = await connectionPair(stream => {
    far = stream
    pair.near.destroy()
  })
  const stream = pair.client.createStream(new Map())
  assert.equal(await text(stream), '')
  while (far === undefined) await new Promise(resolve => setImmediate(resolve))
  assert.equal(await text(far), '')
  assert.ok(stream.isReset && far.isReset)
  assert.throws(() => pair.client.createStream(new Map()), /connection closed/)
})

const frame = (type: number, flags: number, payload: Buffer) => {
  const head = Buffer.from([0x80, 3, 0, type, flags, 0, 0, 0])
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

test('server: compressed headers with the dictionary, ping, byte by byte → understood', async () => {
  using sockets = await socketPair()
  const streams: Record<string, string>[] = []
  const twoStreams = Promise.withResolvers<void>()
  new SPDYConnection(sockets.far, nothing, {
    role: 'server',
    clock,
    onStream: stream => {
      if (streams.push(Object.fromEntries(stream.headers)) === 2) twoStreams.resolve()
    },
  })
  const deflate = createDeflate({ dictionary: headerDictionary })
  for (const [index, type] of ['stdin', 'stdout'].entries()) {
    const text = (value: string) => Buffer.concat([Buffer.from([0, 0, 0, value.length]), Buffer.from(value)])
    deflate.write(Buffer.concat([Buffer.from([0, 0, 0, 1]), text('Streamtype'), text(type)]))
    await new Promise<void>(resolve => deflate.flush(zlib.Z_SYNC_FLUSH, () => resolve()))
    const id = Buffer.from([0, 0, 0, 1 + 2 * index, 0, 0, 0, 0, 0, 0])
    const bytes = frame(1, 0, Buffer.concat([id, deflate.read() as Buffer]))
    for (const byte of bytes) sockets.near.write(Buffer.from([byte]))
  }
  const ping = frame(6, 0, Buffer.from([0, 0, 0, 7]))
  sockets.near.write(ping)
  await twoStreams.promise
  assert.deepEqual(streams, [{ streamtype: 'stdin' }, { streamtype: 'stdout' }])
  const [answer] = (await once(sockets.near, 'data')) as [Buffer]
  assert.deepEqual(answer, ping)
})

const brokenInputs: { name: string; bytes: Buffer }[] = [
  { name: 'another version', bytes: Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0]) },
  { name: 'endless control frame', bytes: Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff]) },
  { name: 'short SYN_STREAM', bytes: frame(1, 0, Buffer.from([0, 0, 0, 1])) },
  { name: 'short RST_STREAM', bytes: frame(3, 0, Buffer.from([0, 0, 0, 1])) },
  { name: 'garbage for headers', bytes: frame(1, 0, Buffer.alloc(40, 0x55)) },
  {
    name: 'even stream number',
    bytes: frame(1, 0, Buffer.from([0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0x78, 1, 0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])),
  },
]
for (const { name, bytes } of brokenInputs) {
  test(`server: ${name} → GOAWAY and the end of the connection`, async () => {
    using sockets = await socketPair()
    const server = new SPDYConnection(sockets.far, nothing, { role: 'server', clock, onStream: () => {} })
    sockets.near.end(bytes)
    const answer = await buffer(sockets.near)
    assert.equal(answer.subarray(0, 4).toString('hex'), '80030007')
    assert.equal(answer.at(-1), 1)
    assert.ok(server.signal.aborted)
  })
}
