import type { APIRequest } from '../request/api-request.ts'
import type { APIResponse } from '../request/api-response.ts'
import type { RequestInfo } from '../request/request-info.ts'
import { RequestFaults, type RequestFaultsOptions, type RequestFaultsState } from './request-faults.ts'
import type { FaultableRequest } from './request-pattern.ts'
import { WatchFaults, type WatchFaultsState } from './watch-faults.ts'

/** What is ordered. */
export interface ServerFaultsState {
  requests: RequestFaultsState
  watches: WatchFaultsState
}

const reads: ReadonlySet<string> = new Set(['get', 'list', 'watch'])

/** What goes wrong on purpose between an API server and its clients. */
export class ServerFaults {
  readonly requests: RequestFaults
  readonly watches: WatchFaults
  #isResuming: boolean

  /** @param state of the faults of a server whose place is taken */
  constructor(options: RequestFaultsOptions, state?: ServerFaultsState) {
    this.requests = new RequestFaults(options, state?.requests)
    this.watches = new WatchFaults(options.clock, state?.watches)
    this.#isResuming = state !== undefined
  }

  /** A copy. */
  get state(): ServerFaultsState {
    return { requests: this.requests.state, watches: this.watches.state }
  }

  /** Something that a client will hear of is held back. */
  get isHolding(): boolean {
    return this.requests.waiting > 0 || this.watches.isHolding
  }

  /** Everybody is where the clients of the other server were. Until then nothing happens to reads: those had read already. */
  endResumption(): void {
    this.#isResuming = false
  }

  /** False: the request goes its way. */
  mayConcern({ verb }: RequestInfo): boolean {
    return verb === 'watch' || !this.requests.isEmpty
  }

  clear(): void {
    this.requests.clear()
    this.watches.clear()
  }

  async serve(
    request: FaultableRequest,
    apiRequest: APIRequest,
    serve: (request: APIRequest) => Promise<APIResponse> | APIResponse,
  ): Promise<APIResponse> {
    const isExempt = this.#isResuming && reads.has(request.info.verb)
    const response = isExempt ? await serve(apiRequest) : await this.requests.serve(request, apiRequest, serve)
    return this.watches.through(request, response)
  }
}
