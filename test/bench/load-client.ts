import type { ClientConfig } from '#client/kubeconfig/load-kubeconfig.ts'
import { type Answer, LoadConnection, type LoadRequest } from './load-connection.ts'

const patchTypes = { merge: 'application/merge-patch+json', apply: 'application/apply-patch+yaml' } as const

/** The API over a few HTTPS connections, for many clients at once; every refusal is an error. */
export class LoadClient implements Disposable {
  readonly #connections: readonly LoadConnection[]

  private constructor(connections: readonly LoadConnection[]) {
    this.#connections = connections
  }

  static async open(config: ClientConfig, { connections }: { connections: number }): Promise<LoadClient> {
    return new LoadClient(await Promise.all(Array.from({ length: connections }, () => LoadConnection.open(config))))
  }

  get(client: number, path: string): Promise<Answer> {
    return this.#request(client, { method: 'GET', path })
  }

  create(client: number, path: string, object: unknown): Promise<Answer> {
    return this.#request(client, { method: 'POST', path, headers: { 'content-type': 'application/json' }, body: bytesOf(object) })
  }

  patch(client: number, path: string, type: keyof typeof patchTypes, patch: unknown): Promise<Answer> {
    return this.#request(client, { method: 'PATCH', path, headers: { 'content-type': patchTypes[type] }, body: bytesOf(patch) })
  }

  delete(client: number, path: string, options: unknown = {}): Promise<Answer> {
    return this.#request(client, { method: 'DELETE', path, headers: { 'content-type': 'application/json' }, body: bytesOf(options) })
  }

  /** Calls `onData` with the bytes of a watch until the client is disposed. */
  follow(client: number, path: string, onData: (chunk: Buffer) => void): void {
    this.#connectionOf(client).follow({ method: 'GET', path }, onData)
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection[Symbol.dispose]()
  }

  async #request(client: number, request: LoadRequest): Promise<Answer> {
    const answer = await this.#connectionOf(client).request(request)
    if (answer.status < 300) return answer
    throw new Error(`${request.method} ${request.path} answered ${answer.status}: ${answer.body.subarray(0, 500).toString()}`)
  }

  #connectionOf(client: number): LoadConnection {
    return this.#connections[client % this.#connections.length]!
  }
}

function bytesOf(object: unknown): Buffer {
  return Buffer.from(JSON.stringify(object))
}
