import { once } from 'node:events'
import * as grpc from '@grpc/grpc-js'
import { AsyncQueue } from '#base/async-queue.ts'
import { CRIError } from '../error.ts'
import type { CallOptions, Transport } from './transport.ts'

/** Largest message in both directions, as upstream's kubelet has it. */
const messageBytesMax = 16 * 1024 * 1024
/** A restarted runtime is met again within this time; the calls in between fail at once. */
const reconnectMsMax = 100

const identity = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** gRPC over a unix socket. Connects on the first call and again after a break. */
export class GRPCTransport implements Transport {
  readonly #client: grpc.Client

  constructor(socketPath: string) {
    this.#client = new grpc.Client(`unix:${socketPath}`, grpc.credentials.createInsecure(), {
      'grpc.default_authority': 'localhost',
      'grpc.max_receive_message_length': messageBytesMax,
      'grpc.max_send_message_length': messageBytesMax,
      'grpc.initial_reconnect_backoff_ms': reconnectMsMax / 10,
      'grpc.min_reconnect_backoff_ms': reconnectMsMax / 10,
      'grpc.max_reconnect_backoff_ms': reconnectMsMax,
      'grpc.enable_retries': 0,
      // Each connection is its own: closing one must not wait for another user of the same socket.
      'grpc.use_local_subchannel_pool': 1,
    })
  }

  unary(path: string, request: Uint8Array, options: CallOptions, signal: AbortSignal): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason)
        return
      }
      const onAbort = () => call.cancel()
      const call = this.#client.makeUnaryRequest(path, identity, asIs, request, metadataOf(options), (error, response) => {
        signal.removeEventListener('abort', onAbort)
        if (error !== null) reject(signal.aborted ? signal.reason : toCRIError(error))
        else resolve(response ?? new Uint8Array())
      })
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  serverStream(path: string, request: Uint8Array, options: CallOptions, signal: AbortSignal): AsyncIterable<Uint8Array> {
    signal.throwIfAborted()
    const call = this.#client.makeServerStreamRequest(path, identity, asIs, request, metadataOf(options))
    const received = new AsyncQueue<Uint8Array>()
    const onAbort = () => call.cancel()
    signal.addEventListener('abort', onAbort, { once: true })
    call.on('data', (message: Uint8Array) => received.push(message))
    call.on('error', (error: grpc.ServiceError) => received.close(signal.aborted ? signal.reason : toCRIError(error)))
    call.on('end', () => received.close())
    return drain(received, () => {
      signal.removeEventListener('abort', onAbort)
      call.cancel()
    })
  }

  async clientStream(path: string, requests: Iterable<Uint8Array>, options: CallOptions, signal: AbortSignal): Promise<Uint8Array[]> {
    signal.throwIfAborted()
    const call = this.#client.makeBidiStreamRequest(path, identity, asIs, metadataOf(options))
    const responses: Uint8Array[] = []
    const onAbort = () => call.cancel()
    signal.addEventListener('abort', onAbort, { once: true })
    const finished = new Promise<void>((resolve, reject) => {
      call.on('data', (message: Uint8Array) => responses.push(message))
      call.on('error', (error: grpc.ServiceError) => reject(signal.aborted ? signal.reason : toCRIError(error)))
      call.on('end', () => resolve())
    })
    try {
      const sent = (async () => {
        for (const request of requests) if (!call.write(request)) await once(call, 'drain', { signal })
        call.end()
      })()
      await Promise.race([finished, sent.then(() => finished)])
      return responses
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  [Symbol.dispose](): void {
    this.#client.close()
  }
}

async function* drain<T>(received: AsyncQueue<T>, onLeave: () => void): AsyncGenerator<T> {
  try {
    yield* received
  } finally {
    onLeave()
  }
}

function asIs(bytes: Buffer): Uint8Array {
  return bytes
}

function metadataOf(options: CallOptions): grpc.Metadata {
  const metadata = new grpc.Metadata()
  for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value)
  return metadata
}

function toCRIError(error: grpc.ServiceError): CRIError {
  return CRIError.fromStatus(error.code, error.details, { cause: error })
}
