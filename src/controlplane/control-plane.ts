import { BearerTokenAuthenticator } from '#apiserver/authentication/bearer-token.ts'
import { openIDHandlers } from '#apiserver/authentication/serviceaccount/openid-handlers.ts'
import { TokenIssuer } from '#apiserver/authentication/serviceaccount/token-issuer.ts'
import { UnionAuthenticator } from '#apiserver/authentication/union.ts'
import { X509Authenticator } from '#apiserver/authentication/x509.ts'
import type { AuditLog } from '#apiserver/audit/audit-log.ts'
import { defaultAdmissionPlugins } from '#apiserver/admission/default-plugins.ts'
import { NodeAuthorizer } from '#apiserver/authorization/node/node-authorizer.ts'
import { RBACAuthorizer } from '#apiserver/authorization/rbac/rbac-authorizer.ts'
import { RuleResolver } from '#apiserver/authorization/rbac/rule-resolver.ts'
import { PrivilegedGroupAuthorizer, UnionAuthorizer } from '#apiserver/authorization/union-authorizer.ts'
import type { ServerFaults } from '#apiserver/faults/server-faults.ts'
import { InProcessTransport } from '#apiserver/inprocess/transport.ts'
import { openAPIHandlers } from '#apiserver/openapi/openapi-handlers.ts'
import { OpenAPIService } from '#apiserver/openapi/openapi-service.ts'
import type { StoreLookup, UserInfo } from '#apiserver/registry/resource.ts'
import type { StoresState } from '#apiserver/registry/stores.ts'
import type { Status } from '#apimachinery/status/status.ts'
import { APIServer } from '#apiserver/server.ts'
import { ServerSlot } from '#apiserver/server-slot.ts'
import { versionHandler, versionInfo } from '#apiserver/version.ts'
import type { ObjectStorage, StoredObject } from '#apiserver/storage/stored-object.ts'
import type { Service } from '#api/core/v1/types.gen.ts'
import { descriptions } from '#api/descriptions.ts'
import { builtinResourceInfos } from '#api/resources.ts'
import { schemaRegistry } from '#api/schemas.ts'
import { type Clock, RealClock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { kubernetesVersion } from '#base/version.ts'
import type { TypeRef } from '#client/client.ts'
import { RESTClient } from '#client/rest-client.ts'
import { type ResourceMapping, RESTMapper } from '#client/rest-mapper.ts'
import type { Transport } from '#client/transport.ts'
import { ServiceAllocation } from '#registry/core/services/index.ts'
import { builtinResources } from '#registry/index.ts'
import { StorageConnection } from '#storage/connection.ts'
import type { StorageFaults } from '#storage/storage-faults.ts'
import { createFirstObjects, keepFirstObjects, type ServerEndpoint } from './first-objects.ts'
import { type InProcessNodes, kubeletConnections, nodeProxy } from './kubelet-connection.ts'

/** PEM. */
export interface ControlPlaneCertificates {
  ca: string
  apiserver: { certificate: string; key: string }
  apiserverKubeletClient: { certificate: string; key: string }
  /** Signs service-account tokens. */
  serviceAccountKey: string
}

export interface ControlPlaneOptions {
  /** Closed by whoever opened it, after the control plane has stopped. */
  storage: ObjectStorage
  clock: Clock
  random: Random
  log: Logger
  certificates: ControlPlaneCertificates
  /** Where writes are recorded. */
  audit: AuditLog
  /** Range of cluster IPs; the first one is that of the Service `kubernetes`. */
  serviceCIDR: string
  /** Nodes of this process, reached without sockets. */
  inProcessNodes?: InProcessNodes
  /** Of a control plane that this one takes the place of, over a copy of its storage. */
  state?: StoresState | undefined
  /** What goes wrong on purpose between the API server and its clients, and its storage. */
  faults?: ServerFaults
  storageFaults?: StorageFaults<StoredObject>
}

const defaultProgram = 'coxswain'

/** The API server with every built-in kind over one storage, and the objects that each cluster starts with. */
export class ControlPlane implements Disposable {
  /** Where clients find the API server, whichever it is. */
  readonly slot = new ServerSlot()
  readonly #options: ControlPlaneOptions
  readonly #mapper: RESTMapper
  #serviceAllocation: ServiceAllocation
  #storage: StorageConnection<StoredObject>

  private constructor(options: ControlPlaneOptions) {
    this.#options = options
    this.#serviceAllocation = newServiceAllocation(options)
    this.#storage = new StorageConnection(options.storage, options.storageFaults)
    // One for all: what is served does not depend on who asks.
    this.#mapper = new RESTMapper(this.transportOf({ name: 'system:apiserver', groups: ['system:masters'] }), builtinResourceInfos)
  }

  /** Ready for requests when it resolves. */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const plane = new ControlPlane(options)
    await plane.#startServer(options.state)
    return plane
  }

  /** The API server. @throws Error while it is down */
  get server(): APIServer {
    const { server } = this.slot
    if (server === undefined) throw new Error('the API server is down')
    return server
  }

  /** Starts the API server over what is stored; for the first time, or after a crash. Does nothing while it runs. */
  async startServer(): Promise<void> {
    if (this.slot.server === undefined) await this.#startServer(undefined)
  }

  async #startServer(state: StoresState | undefined): Promise<void> {
    const { storage, storageFaults } = this.#options
    const connection = new StorageConnection(storage, storageFaults)
    const serviceAllocation = newServiceAllocation(this.#options)
    using started = new DisposableStack()
    const server = started.use(newAPIServer({ ...this.#options, storage: connection, state }, serviceAllocation))
    await server.start()
    serviceAllocation.reload(await server.stores.of<Service>({ group: '', resource: 'services' }).list(undefined))
    // Somebody else was faster.
    if (this.slot.server !== undefined) return
    started.move()
    this.#storage = connection
    this.#serviceAllocation = serviceAllocation
    this.slot.put(server)
  }

  /**
   * The API server dies as a process does. What it was told of as written stays; writes under way may be made or not; what waited to be
   * written is lost. Nothing while it is down.
   */
  crashServer(): void {
    this.#storage.break()
    this.slot.crash()
  }

  /** Makes what every cluster has from the start; some of it says where the server is reached. */
  async createFirstObjects(endpoint: ServerEndpoint, signal: AbortSignal): Promise<void> {
    await createFirstObjects(this.#firstObjectsClient(), { server: this.server, ...this.#firstObjects(endpoint) }, signal)
  }

  /** Brings them back when somebody deletes them, until the signal is aborted. */
  async keepFirstObjects(endpoint: ServerEndpoint, signal: AbortSignal): Promise<void> {
    await keepFirstObjects(this.#firstObjectsClient(), this.#firstObjects(endpoint), signal)
  }

  /**
   * How a part of this process acts as `user`: no sockets, the same answers.
   * @param program what it is called: by this name it owns the fields that it sets
   * @param part of that program, when several of them act as the same user
   */
  transportOf(user: UserInfo, program = defaultProgram, part?: string): Transport {
    const userAgent = [program, kubernetesVersion.gitVersion, ...(part === undefined ? [] : [part])].join('/')
    return new InProcessTransport(this.slot, { ...user, groups: user.groups.concat('system:authenticated') }, userAgent)
  }

  clientOf(user: UserInfo, program = defaultProgram, part?: string): RESTClient {
    return this.clientOver(this.transportOf(user, program, part))
  }

  /** @param transport reaches this server */
  clientOver(transport: Transport): RESTClient {
    return new RESTClient(transport, new RESTMapper(transport, builtinResourceInfos))
  }

  /** What objects of that kind are called in URLs, and whether they are in namespaces. @throws NoMatchError when it is not served */
  async mappingOf(type: TypeRef): Promise<ResourceMapping> {
    return this.#mapper.mappingOf(type, new AbortController().signal)
  }

  /** A copy of what storage does not hold; undefined while the server is down. */
  get state(): StoresState | undefined {
    return this.slot.server?.state
  }

  /** Requests of this process that wait for their answer, and not for time to go on. */
  get requestsUnderWay(): number {
    const { faults, storageFaults } = this.#options
    const waiting = (faults?.requests.waiting ?? 0) + (storageFaults?.waiting ?? 0)
    return Math.max(0, this.slot.inProcess.underWay - waiting)
  }

  /** Watches that are still catching up with what happened. */
  get watchesCatchingUp(): number {
    return this.slot.server?.watchesCatchingUp ?? 0
  }

  /** Nothing is held back any more, and nothing else goes wrong on purpose: who stops waits for what was begun. */
  clearFaults(): void {
    this.#options.faults?.clear()
    this.#options.storageFaults?.clear()
  }

  /**
   * First step of a stop: watches end, new requests are refused; those under way go on.
   * @param error told to the watches' clients
   */
  stopServing(error?: Status): void {
    this.slot.server?.stop(error)
  }

  [Symbol.dispose](): void {
    this.slot.server?.[Symbol.dispose]()
  }

  #firstObjectsClient(): RESTClient {
    return this.clientOf({ name: 'system:apiserver', groups: ['system:masters'] }, 'kube-apiserver')
  }

  #firstObjects(endpoint: ServerEndpoint) {
    const { log } = this.#options
    return { options: this.#options, endpoint, serviceIP: this.#serviceAllocation.apiServerIP, log }
  }
}

/** Certificates are compared with the machine's time, also when the cluster's is virtual. */
const machineClock = new RealClock()

function newServiceAllocation({ serviceCIDR }: ControlPlaneOptions): ServiceAllocation {
  return new ServiceAllocation({ serviceCIDRs: [serviceCIDR] })
}

function newAPIServer(options: ControlPlaneOptions, serviceAllocation: ServiceAllocation): APIServer {
  const { storage, clock, random, log, certificates } = options
  // Authentication and authorization read objects from the server that they guard.
  let server: APIServer | undefined
  const stores: StoreLookup = { of: resource => server!.stores.of(resource) }
  const tokenIssuer = new TokenIssuer({ signingKey: certificates.serviceAccountKey, clock, stores })
  const resolver = new RuleResolver(stores)
  const authorizer = new UnionAuthorizer(new PrivilegedGroupAuthorizer(), new NodeAuthorizer(stores), new RBACAuthorizer(resolver))
  const { certificate, key } = certificates.apiserverKubeletClient
  const authenticator = new UnionAuthenticator(
    new X509Authenticator({ clientCA: certificates.ca, now: () => machineClock.now() }),
    new BearerTokenAuthenticator(tokenIssuer),
  )
  const kubelets = { credentials: { ca: certificates.ca, certificate, key }, inProcess: options.inProcessNodes }
  const resources = builtinResources({
    connect: kubeletConnections(kubelets),
    proxyNode: nodeProxy(kubelets),
    tokenIssuer,
    authorizer,
    resolver,
    serviceAllocation,
  })
  const version = versionInfo()
  const openAPI = new OpenAPIService({ resources, schemas: schemaRegistry, descriptions, version: version.gitVersion })
  server = new APIServer({
    storage,
    clock,
    random,
    log,
    resources,
    schemas: schemaRegistry,
    authenticator,
    authorizer,
    audit: options.audit,
    admission: defaultAdmissionPlugins(resolver, authorizer),
    paths: [versionHandler(version), ...openAPIHandlers(openAPI), ...openIDHandlers(tokenIssuer)],
    faults: options.faults,
    state: options.state,
  })
  return server
}
