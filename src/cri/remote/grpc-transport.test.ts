import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { isNotFound, isUnavailable } from '../error.ts'
import { GRPCTransport } from './grpc-transport.ts'

const { signal } = new AbortController()
const bytes = (value: Uint8Array) => Buffer.from(value)
const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
})

let folder: string
let socketPath: string
let server: grpc.Server
let transport: GRPCTransport

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coxswain-grpc-'))
  socketPath = join(folder, 'socket')
  server = new grpc.Server()
  const service = {
    echo: method('/test/Echo', false, false),
    missing: method('/test/Missing', false, false),
    never: method('/test/Never', false, false),
    count: method('/test/Count', false, true),
    join: method('/test/Join', true, true),
  }
  server.addService(service, {
    echo: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) =>
      done(null, Buffer.concat([call.request, Buffer.from(call.metadata.get('mark').join(''))])),
    missing: (_: unknown, done: grpc.sendUnaryData<Buffer>) => done({ code: grpc.status.NOT_FOUND, details: 'no such thing' }),
    never: () => undefined,
    count: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
      for (let index = 0; index < 3; index++) call.write(Buffer.from([index]))
      if (call.request.toString() === 'end') call.end()
    },
    join: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      const parts: Buffer[] = []
      call.on('data', (part: Buffer) => parts.push(part))
      call.on('end', () => {
        call.write(Buffer.concat(parts))
        call.end()
      })
    },
  })
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socketPath}`, grpc.ServerCredentials.createInsecure(), error => (error === null ? resolve() : reject(error))),
  )
  transport = new GRPCTransport(socketPath)
})

after(async () => {
  transport[Symbol.dispose]()
  server.forceShutdown()
  await rm(folder, { recursive: true })
})

test('unary: request and headers arrive, the answer comes back', async () => {
  const answer = await transport.unary('/test/Echo', Buffer.from('one'), { metadata: { mark: 'two' } }, signal)
  assert.equal(Buffer.from(answer).toString(), 'onetwo')
})

test('unary: an error of the peer → CRIError with its code and words', async () => {
  await assert.rejects(transport.unary('/test/Missing', Buffer.alloc(0), {}, signal), (error: unknown) => {
    assert.ok(isNotFound(error))
    assert.equal(error.description, 'no such thing')
    return true
  })
})

test('unary: aborted while the peer works → rejects with the reason', async () => {
  const controller = new AbortController()
  const answer = transport.unary('/test/Never', Buffer.alloc(0), {}, controller.signal)
  controller.abort(new Error('enough'))
  await assert.rejects(answer, { message: 'enough' })
  await assert.rejects(transport.unary('/test/Never', Buffer.alloc(0), {}, controller.signal), { message: 'enough' })
})

test('unary: nobody listens → Unavailable', async () => {
  using nobody = new GRPCTransport(join(folder, 'nobody'))
  await assert.rejects(nobody.unary('/test/Echo', Buffer.alloc(0), {}, signal), isUnavailable)
})

test('serverStream: all responses, then the end', async () => {
  const seen = []
  for await (const message of transport.serverStream('/test/Count', Buffer.from('end'), {}, signal)) seen.push(message[0])
  assert.deepEqual(seen, [0, 1, 2])
})

test('serverStream: aborted while open → throws the reason', async () => {
  const controller = new AbortController()
  const seen: unknown[] = []
  await assert.rejects(
    async () => {
      for await (const message of transport.serverStream('/test/Count', Buffer.from('stay'), {}, controller.signal)) {
        seen.push(message[0])
        if (seen.length === 3) controller.abort(new Error('enough'))
      }
    },
    { message: 'enough' },
  )
  assert.deepEqual(seen, [0, 1, 2])
})

test('clientStream: more than the connection takes at once arrives whole', async () => {
  const part = Buffer.alloc(1024 * 1024, 7)
  const [joined] = await transport.clientStream('/test/Join', Array(8).fill(part), {}, signal)
  assert.equal(joined?.length, 8 * part.length)
})
