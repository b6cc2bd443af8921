import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { RealClock } from '#base/clock.ts'
import { newInternalError } from '../../status/status.ts'
import { UpgradeRefusedError } from '../dial-upgrade.ts'
import { dialSPDY } from '../spdy/upgrade.ts'
import { dialRemoteCommandSPDY, dialRemoteCommandWebSocket } from './client.ts'
import { acceptRemoteCommand } from './server.ts'
import type { RemoteCommandOptions, RemoteCommandResult, RemoteCommandSession } from './session.ts'

const clock = new RealClock()
const all: RemoteCommandOptions = { stdin: true, stdout: true, stderr: true, tty: false }

/** A server whose every upgrade is a session for `serve`. */
async function startServer(options: RemoteCommandOptions, serve: (session: RemoteCommandSession) => Promise<RemoteCommandResult>) {
  const server: Server = createServer()
  const sessions: Promise<void>[] = []
  server.on('upgrade', (request, socket, head) => {
    const serving = acceptRemoteCommand({ request, socket, head, clock }, options).then(async session => {
      if (session !== undefined) await session.finish(await serve(session))
    })
    sessions.push(serving)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/exec`)
  return {
    url,
    sessions,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Answers with its input in upper case, on both outputs. */
async function shout(session: RemoteCommandSession): Promise<RemoteCommandResult> {
  const input = session.stdin === undefined ? '' : await text(session.stdin)
  session.stdout?.write(input.toUpperCase())
  session.stderr?.write('done')
  return { exitCode: 7 }
}

for (const { name, dial } of [
  { name: 'SPDY', dial: dialRemoteCommandSPDY },
  { name: 'WebSocket v5', dial: dialRemoteCommandWebSocket },
]) {
  const signal = new AbortController().signal

  test(`${name}: input, its end, outputs and exit code → arrive`, async () => {
    await using server = await startServer(all, shout)
    const process = await dial({ url: server.url, clock, signal }, all)
    process.stdin!.write('hel')
    process.stdin!.end('lo')
    const [stdout, stderr, result] = await Promise.all([text(process.stdout!), text(process.stderr!), process.result])
    assert.deepEqual({ stdout, stderr, result }, { stdout: 'HELLO', stderr: 'done', result: { exitCode: 7 } })
    await process.close()
    await Promise.all(server.sessions)
  })

  test(`${name}: success and failure → told apart`, async () => {
    const results: RemoteCommandResult[] = [{ exitCode: 0 }, { error: newInternalError('boom').status }]
    for (const want of results) {
      await using server = await startServer(all, async () => want)
      const process = await dial({ url: server.url, clock, signal }, all)
      process.stdout!.resume()
      assert.deepEqual(await process.result, want)
      await process.close()
    }
  })

  test(`${name}: 64 MiB out, read slowly → nothing is lost`, async t => {
    const chunk = Buffer.alloc(100_000, 'y')
    const total = 64 * 2 ** 20
    await using server = await startServer(all, async ({ stdout }) => {
      for (let sent = 0; sent < total; sent += chunk.length) if (!stdout!.write(chunk)) await once(stdout!, 'drain')
      return { exitCode: 0 }
    })
    const start = performance.now()
    const process = await dial({ url: server.url, clock, signal }, all)
    let bytes = 0
    for await (const part of process.stdout! as AsyncIterable<Buffer>) bytes += part.length
    t.diagnostic(`${Math.round((64 * 1000) / (performance.now() - start))} MiB/s`)
    assert.equal(bytes, Math.ceil(total / chunk.length) * chunk.length)
    assert.deepEqual(await process.result, { exitCode: 0 })
    await process.close()
  })

  test(`${name}: terminal → sizes arrive, no separate error output`, async () => {
    const options = { stdin: true, stdout: true, stderr: false, tty: true }
    await using server = await startServer(options, async ({ resizes, stderr }) => {
      for await (const { width, height } of resizes) return { exitCode: width + height + (stderr === undefined ? 0 : 1) }
      return { exitCode: 255 }
    })
    const process = await dial({ url: server.url, clock, signal }, options)
    process.resize({ width: 80, height: 24 })
    assert.deepEqual(await process.result, { exitCode: 104 })
    await process.close()
  })

  test(`${name}: client leaves → input ends and the signal aborts`, async () => {
    let seen: { input: string; aborted: boolean } | undefined
    await using server = await startServer(all, async session => {
      const input = await text(session.stdin!)
      seen = { input, aborted: session.signal.aborted }
      return { exitCode: 0 }
    })
    const process = await dial({ url: server.url, clock, signal }, all)
    process.stdin!.write('unfinished')
    await process.close()
    await Promise.all(server.sessions)
    assert.equal(seen?.input, 'unfinished')
    const result = await process.result
    assert.ok('error' in result || result.exitCode === 0)
  })

  test(`${name}: no such path, no such server → rejects`, async () => {
    const server = createServer((_request, response) => response.writeHead(404).end('no such page')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await assert.rejects(dial({ url, clock, signal }, all), (error: unknown) => {
      assert.ok(error instanceof UpgradeRefusedError)
      assert.equal(error.statusCode, 404)
      assert.equal(error.message, 'unable to upgrade connection: no such page')
      return true
    })
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    await assert.rejects(dial({ url, clock, signal }, all), /ECONNREFUSED/)
  })
}

const errorStatus = (exitCode: number) => ({
  metadata: {},
  status: 'Failure',
  message: `command terminated with non-zero exit code: exit status ${exitCode}`,
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
})

/** Decodes a channel message to `<channel> <text>`. */
const decodings: Record<string, (data: Buffer) => string> = {
  binary: data => `${data[0]} ${data.subarray(1)}`,
  base64: data => `${data.toString('latin1', 0, 1)} ${Buffer.from(data.toString('latin1', 1), 'base64')}`,
}
const oldProtocols: { protocol: string | undefined; decoding: keyof typeof decodings; error: string }[] = [
  { protocol: 'v4.channel.k8s.io', decoding: 'binary', error: JSON.stringify(errorStatus(7)) },
  { protocol: 'v4.base64.channel.k8s.io', decoding: 'base64', error: JSON.stringify(errorStatus(7)) },
  { protocol: 'channel.k8s.io', decoding: 'binary', error: errorStatus(7).message },
  { protocol: 'base64.channel.k8s.io', decoding: 'base64', error: errorStatus(7).message },
  { protocol: undefined, decoding: 'binary', error: errorStatus(7).message },
]
for (const { protocol, decoding, error } of oldProtocols) {
  test(`WebSocket ${protocol ?? 'without subprotocol'} → greeting, input, outputs and result on their channels`, async () => {
    await using server = await startServer(all, async session => {
      const [input] = (await once(session.stdin!, 'data')) as [Buffer]
      session.stdout!.write(String(input).toUpperCase())
      return { exitCode: 7 }
    })
    const address = server.url.href.replace('http:', 'ws:')
    const socket = protocol === undefined ? new WebSocket(address) : new WebSocket(address, [protocol])
    const messages: string[] = []
    socket.on('message', data => messages.push(decodings[decoding]!(data as Buffer)))
    await once(socket, 'open')
    assert.equal(socket.protocol, protocol ?? '')
    socket.send(decoding === 'base64' ? `0${Buffer.from('hi').toString('base64')}` : Buffer.from('\0hi'))
    const [code] = await once(socket, 'close')
    assert.deepEqual(messages, ['1 ', '1 HI', `3 ${error}`])
    assert.equal(code, 1000)
  })
}

test('WebSocket: the connection ends behind the last frame, also when the client never answers it', { timeout: 10_000 }, async () => {
  await using server = await startServer({ ...all, stdin: false }, shout)
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  }
  const request = get(server.url, { headers: { ...headers, 'Sec-WebSocket-Protocol': 'v4.channel.k8s.io' } })
  const [, socket, head] = (await once(request, 'upgrade')) as [unknown, Duplex, Buffer]
  const rest = await buffer(socket)
  const [opcode, size, ...code] = Buffer.concat([head, rest]).subarray(-4)
  assert.deepEqual([opcode, size, code], [0x88, 2, [0x03, 0xe8]])
})

test('WebSocket: unknown subprotocol → 403', async () => {
  await using server = await startServer(all, shout)
  const socket = new WebSocket(server.url.href.replace('http:', 'ws:'), ['v9.channel.k8s.io'])
  const [error] = (await once(socket, 'error')) as [Error]
  assert.match(error.message, /403/)
})

test('SPDY: unknown protocol → 403 with what is spoken', async () => {
  await using server = await startServer(all, shout)
  const dialled = dialSPDY({ url: server.url, signal: new AbortController().signal }, ['v9.channel.k8s.io'], { clock })
  await assert.rejects(dialled, (error: unknown) => {
    assert.ok(error instanceof UpgradeRefusedError)
    assert.equal(error.statusCode, 403)
    assert.match(error.body, /server accepts \[v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io\]/)
    return true
  })
})

test('SPDY v1: failures are text on the error stream', async () => {
  await using server = await startServer({ ...all, stdin: false, stderr: false }, shout)
  const signal = new AbortController().signal
  const { connection } = await dialSPDY({ url: server.url, signal }, ['channel.k8s.io'], { clock })
  const error = connection.createStream(new Map([['streamtype', 'error']]))
  connection.createStream(new Map([['streamtype', 'stdout']])).resume()
  assert.equal(await text(error), errorStatus(7).message)
  await connection.close()
})
