import { CRIError } from '#cri/error.ts'
import type { SimulatedNetwork } from '#cri/simulated/index.ts'
import type { Dialer, HTTPGet } from './dialer.ts'
import { type HealthAnswer, type HealthCheck, healthPath, servingStatuses } from './grpc-health.ts'

const noBody = Buffer.alloc(0)

/** An image's answer to an HTTP request for `/grpc.health.v1.Health/Check` is its gRPC health: 200 is SERVING, 404 no such service. */
export class SimulatedDialer implements Dialer {
  readonly #network: SimulatedNetwork

  constructor(network: SimulatedNetwork) {
    this.#network = network
  }

  get({ host, port, path, headers }: HTTPGet, signal: AbortSignal): Promise<number> | number {
    const answer = this.#network.request({ ip: host, port }, { method: 'GET', path, headers, body: noBody }, signal)
    return answer instanceof Promise ? answer.then(({ status }) => status) : answer.status
  }

  async reach({ host, port }: { host: string; port: number }, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#network.requireOpen({ ip: host, port })
  }

  async health({ host, port, service }: HealthCheck, signal: AbortSignal): Promise<HealthAnswer> {
    signal.throwIfAborted()
    try {
      this.#network.requireOpen({ ip: host, port })
    } catch {
      return 'unconnected'
    }
    const question = { method: 'POST', path: healthPath, headers: { 'content-type': 'application/grpc' }, body: Buffer.from(service) }
    const { status } = await this.#network.request({ ip: host, port }, question, signal)
    if (status === 404) throw new CRIError('Unimplemented', `unknown method ${healthPath}`)
    return { servingStatus: status === 200 ? servingStatuses.indexOf('SERVING') : servingStatuses.indexOf('NOT_SERVING') }
  }
}
