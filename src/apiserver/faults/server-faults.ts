import type { APIRequest } from '../request/api-request.ts'
import type { APIResponse } from '../request/api-response.ts'
import type { RequestInfo } from '../request/request-info.ts'
import { RequestFaults, type RequestFaultsOptions } from './request-faults.ts'
import type { FaultableRequest } from './request-pattern.ts'
import { WatchFaults } from './watch-faults.ts'

/** What goes wrong on purpose between an API server and its clients. */
export class ServerFaults {
  readonly requests: RequestFaults
  readonly watches: WatchFaults

  constructor(options: RequestFaultsOptions) {
    this.requests = new RequestFaults(options)
    this.watches = new WatchFaults(options.clock)
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
    const response = await this.requests.serve(request, apiRequest, serve)
    return this.watches.through(request, response)
  }
}
