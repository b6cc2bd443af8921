import type { Clock } from '#base/clock.ts'
import { GRPCTransport } from './grpc-transport.ts'
import { RemoteRuntime } from './runtime.ts'
import type { Transport } from './transport.ts'

export interface RuntimeConnection extends Disposable {
  runtime: RemoteRuntime
  /** For what lies below the CRI (containerd's own services). */
  transport: Transport
}

/** Opens a CRI socket. Nothing is sent before the first call; a socket that nobody serves makes that call fail with `Unavailable`. */
export function connectRuntime(options: { socketPath: string; clock: Clock }): RuntimeConnection {
  const transport = new GRPCTransport(options.socketPath)
  return {
    runtime: new RemoteRuntime({ transport, clock: options.clock }),
    transport,
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  }
}
