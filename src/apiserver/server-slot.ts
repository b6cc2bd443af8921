import type { RequestHandler } from './http/front.ts'
import type { APIRequest } from './request/api-request.ts'
import { type APIResponse, lostResponse } from './request/api-response.ts'
import type { APIServer } from './server.ts'

/** The place where clients find the API server: one server after the other may be there, and none while it is down. */
export class ServerSlot implements RequestHandler {
  /** Requests of the same process that wait for their answer. */
  readonly inProcess = { underWay: 0 }
  readonly #listeners = new Set<() => void>()
  #server: APIServer | undefined

  get server(): APIServer | undefined {
    return this.#server
  }

  put(server: APIServer): void {
    this.#server = server
  }

  /** The server dies as a process does: watches and connections break, requests under way get no answer. Does nothing while it is down. */
  crash(): void {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    server.crash()
    for (const listener of this.#listeners) listener()
  }

  /** Never rejects. */
  handle(request: APIRequest): Promise<APIResponse> {
    return this.#server?.handle(request) ?? Promise.resolve(lostResponse())
  }

  failure(error: unknown, request: APIRequest, auditID?: string): APIResponse {
    return this.#server?.failure(error, request, auditID) ?? lostResponse()
  }

  onCrash(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }
}
