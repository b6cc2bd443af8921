/** A test server as programs outside of it see it. */
import assert from 'node:assert/strict'
import { HTTPSTransport } from '#client/https-transport.ts'
import { clientConfigOf, loadKubeconfig } from '#client/kubeconfig/load-kubeconfig.ts'
import type { TransportRequest } from '#client/transport.ts'
import type { ClusterEndpoint } from './hosted-cluster.ts'

export interface ControlAnswer {
  status: number
  headers: Headers
  body: any
}

/** Asks the control API; a body that is text is sent as it is. */
export async function askControl(control: string, method: string, path: string, body?: unknown): Promise<ControlAnswer> {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const response = await fetch(control + path, { method, ...sent })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

/** Asks for what must work. */
export async function askDone(control: string, method: string, path: string, body?: unknown): Promise<any> {
  const answer = await askControl(control, method, path, body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}

/** The Kubernetes API of a cluster, through its kubeconfig. */
export class TestAPI implements Disposable {
  readonly #transport: HTTPSTransport

  private constructor(transport: HTTPSTransport) {
    this.#transport = transport
  }

  static async connect({ kubeconfig }: ClusterEndpoint): Promise<TestAPI> {
    return new TestAPI(new HTTPSTransport({ ...(await clientConfigOf(await loadKubeconfig([kubeconfig]))), userAgent: 'test' }))
  }

  /** @throws StatusError */
  async request(method: TransportRequest['method'], path: string, body?: unknown): Promise<any> {
    return (await this.#transport.request({ method, path, body }, new AbortController().signal)).body
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]()
  }
}
