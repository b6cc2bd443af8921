import * as grpc from '@grpc/grpc-js'
import { CRIError } from '#cri/error.ts'
import { type HealthAnswer, type HealthCheck, healthPath } from './grpc-health.ts'

/**
 * Asks a server for its health (gRPC Health Checking Protocol), without TLS. As long as nobody listens it tries again, until the signal ends it.
 * @throws CRIError what the server answered instead
 */
export async function checkGRPCHealth({ host, port, service, userAgent }: HealthCheck, signal: AbortSignal): Promise<HealthAnswer> {
  const client = new grpc.Client(`${host.includes(':') ? `[${host}]` : host}:${port}`, grpc.credentials.createInsecure(), {
    'grpc.primary_user_agent': userAgent,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    // Each probe is a connection of its own, as upstream's.
    'grpc.use_local_subchannel_pool': 1,
  })
  const ended = new Promise<undefined>(resolve => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  try {
    const connected = new Promise<true>((resolve, reject) =>
      client.waitForReady(Number.POSITIVE_INFINITY, error => (error === undefined ? resolve(true) : reject(error))),
    )
    if ((await Promise.race([connected, ended])) === undefined) return 'unconnected'
    return (await Promise.race([check(client, service), ended])) ?? 'unanswered'
  } finally {
    client.close()
  }
}

function check(client: grpc.Client, service: string): Promise<HealthAnswer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(healthPath, encodeRequest, decodeServingStatus, service, (error, servingStatus = 0) => {
      if (error === null) resolve({ servingStatus })
      else reject(CRIError.fromStatus(error.code, error.details, { cause: error }))
    })
  })
}

/** `HealthCheckRequest { string service = 1 }`; names are at most 253 bytes long. */
function encodeRequest(service: string): Buffer {
  const bytes = Buffer.from(service)
  if (bytes.length === 0) return bytes
  const length = bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7]
  return Buffer.from([0x0a, ...length, ...bytes])
}

/** `HealthCheckResponse { ServingStatus status = 1 }`: no byte at all for UNKNOWN. */
function decodeServingStatus(bytes: Buffer): number {
  return bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0
}
