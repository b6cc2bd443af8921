import type { SchemaRegistry } from '#apimachinery/schema/schema.ts'
import type { GroupResource } from '#apimachinery/resource/resource-info.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Cause } from '#client/cause.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { AdmissionChain } from '../admission/chain.ts'
import type { RequestContext, StoreLookup, UserInfo } from '../registry/resource.ts'
import { type APIRequest, headerOf } from '../request/api-request.ts'
import type { RequestInfo } from '../request/request-info.ts'
import type { Route } from '../routes.ts'
import type { FieldTracking } from './field-tracking.ts'
import { managerOf } from './field-manager-name.ts'
import type { Form } from './forms/form.ts'
import { includeObjectOf, isPretty } from './list-options.ts'
import { negotiate } from './negotiation.ts'

/** What endpoints need of the server. */
export interface EndpointServices {
  clock: Clock
  random: Random
  /** For what no object shows: when watches end. */
  jitter: Random
  log: Logger
  schemas: SchemaRegistry
  stores: StoreLookup
  audit: AuditLog
  admission: AdmissionChain
  fields: FieldTracking
}

/** One request to one resource on its way through an endpoint. */
export class Call implements RequestContext {
  readonly apiRequest: APIRequest
  readonly info: RequestInfo
  readonly route: Route
  readonly services: EndpointServices
  readonly user: UserInfo
  readonly verb: string
  readonly subresource: string | undefined
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly warnings: string[] = []
  dryRun = false
  #query: URLSearchParams | undefined
  #fieldManager: string | undefined

  constructor(request: APIRequest, info: RequestInfo, route: Route, services: EndpointServices, user: UserInfo) {
    this.apiRequest = request
    this.info = info
    this.route = route
    this.services = services
    this.user = user
    this.verb = info.verb
    this.subresource = info.subresource === '' ? undefined : info.subresource
    this.namespace = info.namespace === '' || !route.info.namespaced ? undefined : info.namespace
    this.name = info.name === '' ? undefined : info.name
  }

  get resource(): GroupResource & { version: string } {
    return this.route.info
  }

  get clock(): Clock {
    return this.services.clock
  }

  get random(): Random {
    return this.services.random
  }

  get stores(): StoreLookup {
    return this.services.stores
  }

  get signal(): AbortSignal {
    return this.apiRequest.signal
  }

  get cause(): Cause | undefined {
    return this.apiRequest.cause
  }

  get userAgent(): string {
    return headerOf(this.apiRequest, 'user-agent')
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.apiRequest.query)
    return this.#query
  }

  /** Who owns the fields that this request sets. */
  get fieldManager(): string {
    this.#fieldManager ??= managerOf(this.apiRequest.query === '' ? '' : (this.query.get('fieldManager') ?? ''), this.userAgent)
    return this.#fieldManager
  }

  /**
   * @param revision the objects are shown as they were then
   * @throws StatusError NotAcceptable, BadRequest
   */
  form(revision?: number): Form {
    const accepted = negotiate(headerOf(this.apiRequest, 'accept'), this.route.hasProtobuf)
    const include = accepted.as === 'Table' && this.apiRequest.query !== '' ? includeObjectOf(this.query) : 'Metadata'
    const pretty = isPretty(this.apiRequest.query, this.userAgent)
    const timeMs = revision === undefined ? undefined : this.services.audit.get(revision)?.timeMs
    return timeMs === undefined ? this.route.form(accepted, pretty, include) : this.route.formAt(timeMs, accepted, pretty, include)
  }

  warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text)
  }
}
