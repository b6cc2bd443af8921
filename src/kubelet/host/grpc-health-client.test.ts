import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { CRIError } from '#cri/error.ts'
import { healthPath } from './grpc-health.ts'
import { checkGRPCHealth } from './grpc-health-client.ts'

const long = 'a'.repeat(200)
const asIs = (bytes: Buffer) => bytes
let server: grpc.Server
let port: number
let onSilent: () => void

/** Answers by the service's name, as bytes on the wire. */
function check(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>): void {
  const service = call.request.subarray(call.request.length > 0x80 ? 3 : 2).toString()
  if (service === 'silent') return onSilent()
  const answers: Record<string, number[]> = { '': [0x08, 1], [long]: [0x08, 1], down: [0x08, 2], unknown: [] }
  const answer = answers[service]
  if (answer === undefined) done({ code: grpc.status.NOT_FOUND, details: 'unknown service' })
  else if (call.metadata.get('user-agent').join('').startsWith('probe/1 ')) done(null, Buffer.from(answer))
}

async function serve(path: string): Promise<{ server: grpc.Server; port: number }> {
  const served = new grpc.Server()
  const codec = { requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs }
  served.addService({ check: { path, requestStream: false, responseStream: false, ...codec } }, { check })
  const bound = await new Promise<number>((resolve, reject) =>
    served.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, at) => (error === null ? resolve(at) : reject(error))),
  )
  return { server: served, port: bound }
}

before(async () => {
  ;({ server, port } = await serve(healthPath))
})

after(() => server.forceShutdown())

function ask(service: string, at = port, signal = new AbortController().signal) {
  return checkGRPCHealth({ host: '127.0.0.1', port: at, service, userAgent: 'probe/1' }, signal)
}

describe('gRPC health', () => {
  const cases = [
    { name: 'the server as a whole', service: '', servingStatus: 1 },
    { name: 'a service with a long name', service: long, servingStatus: 1 },
    { name: 'NOT_SERVING', service: 'down', servingStatus: 2 },
    { name: 'UNKNOWN, which is no byte at all', service: 'unknown', servingStatus: 0 },
  ]
  for (const { name, service, servingStatus } of cases) test(name, async () => assert.deepEqual(await ask(service), { servingStatus }))

  test('a refusal', async () => await assert.rejects(ask('nobody'), new CRIError('NotFound', 'unknown service')))

  test('a server without the protocol', async () => {
    const other = await serve('/other.Service/Check')
    await assert.rejects(ask('', other.port), { code: 'Unimplemented' })
    other.server.forceShutdown()
  })

  test('aborted while nobody listens', async () => {
    const gone = await serve(healthPath)
    gone.server.forceShutdown()
    const controller = new AbortController()
    const answer = ask('', gone.port, controller.signal)
    controller.abort()
    assert.equal(await answer, 'unconnected')
  })

  test('aborted before the answer', async () => {
    const controller = new AbortController()
    onSilent = () => controller.abort()
    assert.equal(await ask('silent', port, controller.signal), 'unanswered')
  })
})
