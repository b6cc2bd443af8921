import { newBadRequest } from '#apimachinery/status/status.ts'
import type { ConnectContext } from '../registry/resource.ts'
import type { TakenConnection } from '../request/api-request.ts'
import { Call } from './call.ts'

/** A call whose connection the subresource takes over. */
export class ConnectCall extends Call implements ConnectContext {
  readonly request: ConnectContext['request']
  readonly response: ConnectContext['response']
  readonly upgrade?: NonNullable<TakenConnection['upgrade']>
  readonly rest: string

  /** @throws StatusError BadRequest for requests that have no connection (in process) */
  constructor(call: Call) {
    super(call.apiRequest, call.info, call.route, call.services, call.user)
    const connection = call.apiRequest.takeConnection?.()
    if (connection === undefined) throw newBadRequest('this subresource needs a connection of its own')
    this.request = connection.request
    this.response = connection.response
    if (connection.upgrade !== undefined) this.upgrade = connection.upgrade
    this.rest = call.info.rest
  }
}
