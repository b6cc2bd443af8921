import { newInternalError, newServiceUnavailable, type Status, StatusError } from '#apimachinery/status/status.ts'
import type { SchemaRegistry } from '#apimachinery/schema/schema.ts'
import type { Clock } from '#base/clock.ts'
import { type Logger, silentLogger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { ConnectionLostError } from '#client/transport.ts'
import { StorageError } from '#storage/storage.ts'
import { AdmissionChain } from './admission/chain.ts'
import { auditHandlers } from './audit/audit-handlers.ts'
import { AuditLog } from './audit/audit-log.ts'
import type { Authenticator } from './authentication/authenticator.ts'
import type { Authorizer } from './authorization/authorizer.ts'
import { Call, type EndpointServices } from './endpoints/call.ts'
import { discoveryHandlers } from './discovery/handler.ts'
import { dispatch } from './endpoints/dispatch.ts'
import { encodings } from './endpoints/forms/encodings.ts'
import { notFoundResponse } from './endpoints/not-served.ts'
import { ManagedFieldTracking } from './endpoints/managed-field-tracking.ts'
import type { ServerFaults } from './faults/server-faults.ts'
import { authenticate } from './filters/authenticate.ts'
import { authorize } from './filters/authorize.ts'
import { impersonate } from './filters/impersonate.ts'
import { type HealthCheck, healthHandlers, pingCheck } from './health.ts'
import { type PathHandler, PathTable } from './path-handler.ts'
import type { AdmissionPlugin, Resource, StoreLookup, UserInfo } from './registry/resource.ts'
import { Stores, type StoresState } from './registry/stores.ts'
import { type APIRequest, headerOf } from './request/api-request.ts'
import { type APIResponse, jsonBody, lostResponse } from './request/api-response.ts'
import { parseRequestInfo, type RequestInfo } from './request/request-info.ts'
import { Route, RouteTable } from './routes.ts'
import type { ObjectStorage } from './storage/stored-object.ts'

export interface APIServerOptions {
  storage: ObjectStorage
  clock: Clock
  random: Random
  /** Of a server that this one takes the place of, over a copy of its storage. */
  state?: StoresState | undefined
  log?: Logger
  resources: readonly Resource[]
  schemas: SchemaRegistry
  authenticator: Authenticator
  authorizer: Authorizer
  admission?: readonly AdmissionPlugin[]
  /** `host:port` that `/api` tells clients. */
  advertiseAddress?: () => string
  /** Where writes are recorded. Default: one of its own. */
  audit?: AuditLog
  /** Further paths: version, OpenAPI. */
  paths?: readonly PathHandler[]
  /** Count for `/readyz`, besides the server's own. */
  readinessChecks?: readonly HealthCheck[]
  /** What goes wrong on purpose. */
  faults?: ServerFaults | undefined
}

type State = 'new' | 'serving' | 'stopping' | 'dead'

/**
 * The generic API server, free of any transport: fronts turn what they receive into an `APIRequest` and send the `APIResponse`. It knows
 * resources only by their declarations.
 */
export class APIServer {
  readonly #options: APIServerOptions
  readonly #log: Logger
  readonly #stores: Stores
  readonly #routes = new RouteTable()
  readonly #paths = new PathTable()
  readonly #services: EndpointServices
  readonly audit: AuditLog
  readonly #jitter: Random
  #state: State = 'new'
  /** Requests of the same process that wait for their answer. */
  readonly inProcess = { underWay: 0 }

  constructor(options: APIServerOptions) {
    const { storage, clock, random, schemas } = options
    this.#options = options
    this.#log = options.log ?? silentLogger
    this.audit = options.audit ?? new AuditLog()
    // How often somebody asks must not change what objects look like.
    this.#jitter = random.branch()
    this.#stores = new Stores({ storage, audit: this.audit, clock, random: this.#jitter }, options.state)
    const admission = new AdmissionChain(options.admission ?? [])
    const fields = new ManagedFieldTracking(schemas)
    const { audit } = this
    this.#services = { clock, random, jitter: this.#jitter, log: this.#log, schemas, stores: this.#stores, audit, admission, fields }
    const shutdown: HealthCheck = { name: 'shutdown', problem: () => (this.#state === 'serving' ? undefined : `server is ${this.#state}`) }
    const ready = [pingCheck, shutdown, ...(options.readinessChecks ?? [])]
    for (const handler of healthHandlers({ healthz: [pingCheck], livez: [pingCheck], readyz: ready })) this.#paths.add(handler)
    for (const handler of discoveryHandlers(this.#routes, () => this.#options.advertiseAddress?.() ?? '')) this.#paths.add(handler)
    for (const handler of auditHandlers({ audit: this.audit, stores: this.#stores, schemas, storage, clock })) this.#paths.add(handler)
    for (const handler of options.paths ?? []) this.#paths.add(handler)
  }

  /** A copy of what storage does not hold. */
  get state(): StoresState {
    return this.#stores.state
  }

  /** Watches that are still catching up with what happened. */
  get watchesCatchingUp(): number {
    return this.#stores.watchTurns.underWay
  }

  /** The stores of all resources, from `start` on. */
  get stores(): StoreLookup {
    return this.#stores
  }

  get routes(): RouteTable {
    return this.#routes
  }

  /** Adds a path; before or after `start`. */
  addPath(handler: PathHandler): void {
    this.#paths.add(handler)
  }

  /** Reads every resource's objects from storage; then the server is ready. */
  async start(): Promise<void> {
    await Promise.all(this.#options.resources.map(resource => this.addResource(resource)))
    this.#state = 'serving'
  }

  /** Serves one more resource. */
  async addResource(resource: Resource): Promise<void> {
    const { schemas, clock } = this.#options
    const store = resource.onCreate === undefined ? await this.#stores.open(resource) : undefined
    for (const other of [undefined, ...(resource.otherVersions ?? [])]) {
      this.#routes.add(new Route({ resource, other, store, schemas, clock, encodings: encodings(schemas) }))
    }
  }

  /**
   * First step of a stop: not ready any more, watches end, new requests are refused. Fronts close after it; storage after them.
   * @param error told to the watches' clients
   */
  stop(error?: Status): void {
    if (this.#state === 'stopping' || this.#state === 'dead') return
    this.#state = 'stopping'
    this.#stores.endWatches(error)
  }

  /** Last step: lets go of storage. */
  [Symbol.dispose](): void {
    this.stop()
    this.#stores[Symbol.dispose]()
  }

  /** Dies as a process does: watches break, requests under way get no answer. */
  crash(): void {
    this.#state = 'dead'
    this.#stores.breakWatches()
    this.#stores[Symbol.dispose]()
  }

  /** Serves one request. Never rejects: every failure is an answer. */
  async handle(request: APIRequest): Promise<APIResponse> {
    // Nobody looks at headers in the same process.
    const auditID = request.user === undefined ? this.#auditIDOf(request) : undefined
    try {
      const response = await this.#serve(request)
      if (this.#isDead()) return lostResponse()
      if (auditID !== undefined) response.auditID = auditID
      return response
    } catch (error) {
      if (error instanceof ConnectionLostError || this.#isDead()) return lostResponse()
      return this.failure(error, request, auditID)
    }
  }

  /** Asked after a pause: it may have died meanwhile. */
  #isDead(): boolean {
    return this.#state === 'dead'
  }

  /** The one that the client gave, or a new one. */
  #auditIDOf({ headers }: APIRequest): string {
    const given = headers['audit-id']
    return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : this.#jitter.uuid()
  }

  /** The answer that tells a failure. */
  failure(error: unknown, request: APIRequest, auditID = this.#auditIDOf(request)): APIResponse {
    const { status } = this.#toStatusError(error, request, auditID)
    const headers: Record<string, string> = {}
    const retryAfterSeconds = status.details?.retryAfterSeconds
    if (retryAfterSeconds !== undefined && retryAfterSeconds > 0) headers['retry-after'] = String(retryAfterSeconds)
    return { status: status.code ?? 500, body: jsonBody(status), headers, auditID }
  }

  #toStatusError(error: unknown, request: APIRequest, auditID: string): StatusError {
    if (error instanceof StatusError) return error
    this.#log.error('request failed', { method: request.method, path: request.path, auditID, error })
    if (error instanceof StorageError) return newInternalError(error.message)
    return newInternalError(`the request failed in a way that nobody foresaw, see the server's log (audit ID ${auditID})`)
  }

  async #serve(request: APIRequest): Promise<APIResponse> {
    const info = parseRequestInfo(request.method, request.path, request.query)
    const { authenticator, authorizer } = this.#options
    const authenticated = authenticate(authenticator, request)
    const sender = authenticated instanceof Promise ? await authenticated : authenticated
    const impersonated = impersonate(authorizer, sender, request)
    const user = impersonated instanceof Promise ? await impersonated : impersonated
    const authorizing = authorize(authorizer, user, info)
    if (authorizing !== undefined) await authorizing
    const { faults } = this.#options
    if (faults?.mayConcern(info) === true) {
      const faultable = { user, userAgent: headerOf(request, 'user-agent'), info }
      return faults.serve(faultable, request, given => this.#answer(given, info, user))
    }
    const answer = this.#answer(request, info, user)
    return answer instanceof Promise ? await answer : answer
  }

  #answer(request: APIRequest, info: RequestInfo, user: UserInfo): Promise<APIResponse> | APIResponse {
    if (!info.isResourceRequest) return this.#servePath(request, info, user)
    if (this.#state !== 'serving') throw newServiceUnavailable('the server is not serving at the moment')
    const route = this.#routes.find(info.group, info.version, info.resource)
    if (route === undefined) return this.#servePath(request, info, user)
    const call = new Call(request, info, route, this.#services, user)
    const answer = dispatch(call)
    return answer instanceof Promise ? answer.then(response => withWarnings(response, call)) : withWarnings(answer, call)
  }

  #servePath(request: APIRequest, info: RequestInfo, user: UserInfo): Promise<APIResponse> | APIResponse {
    const handler = this.#paths.find(info.path)
    if (handler !== undefined) return handler.handle(request, user)
    if (info.path === '/') return { status: 200, body: jsonBody({ paths: this.#paths.paths }) }
    return notFoundResponse()
  }
}

function withWarnings(response: APIResponse, { warnings }: Call): APIResponse {
  if (warnings.length > 0) response.warnings = warnings
  return response
}
