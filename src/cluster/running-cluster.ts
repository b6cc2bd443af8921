import type { AuditLog } from '#apiserver/audit/audit-log.ts'
import type { Status } from '#apimachinery/status/status.ts'
import { ServerFaults } from '#apiserver/faults/server-faults.ts'
import { copyOfWrite, type ObjectStorage, type StoredObject } from '#apiserver/storage/stored-object.ts'
import { assert } from '#base/assert.ts'
import { type Clock, VirtualClock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { PartitionedTransport } from '#client/partition.ts'
import type { Transport } from '#client/transport.ts'
import type { ControllerName } from '#controller/manager.ts'
import { Compaction } from '#controlplane/compaction.ts'
import { ControlPlane } from '#controlplane/control-plane.ts'
import type { ServerEndpoint } from '#controlplane/first-objects.ts'
import { MemoryLogStore, simulatedEnvironment, type SimulatedImages } from '#cri/simulated/index.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import { StorageFaults } from '#storage/storage-faults.ts'
import { ClusterFaults } from './cluster-faults.ts'
import type { ClusterState } from './cluster-state.ts'
import { Components } from './components.ts'
import type { ClusterCertificates } from './pki/cluster-pki.ts'
import { serviceAddress } from './service-range.ts'
import { SimulatedNodes } from './simulated/simulated-nodes.ts'

export interface RunningClusterOptions {
  /** Closed with the cluster. */
  storage: ObjectStorage
  /** Of the writes to that storage. Closed with the cluster, too. */
  audit: AuditLog
  /** How long states of the past are kept, at least. */
  historyMs: number
  /** Writes may be under way while the event loop is idle. */
  isOnDisk: boolean
  certificates: ClusterCertificates
  images: SimulatedImages
  controllers: readonly ControllerName[]
  serviceCIDR: string
  clock: Clock
  random: Random
  log: Logger
  /** Of a cluster that this one takes the place of; storage, time and randomness are copies of those in it. */
  state?: ClusterState | undefined
}

/** What stays the same in a cluster that takes the place of another. */
export type ClusterConstants = Pick<RunningClusterOptions, 'certificates' | 'controllers' | 'serviceCIDR' | 'historyMs' | 'log'>

/** What a cluster that takes the place of another has of its own; what is missing is a copy. */
type OwnParts = Pick<RunningClusterOptions, 'images'> & Partial<Pick<RunningClusterOptions, 'clock' | 'random' | 'storage'>>

interface Parts {
  controlPlane: ControlPlane
  components: Components
  nodes: SimulatedNodes
  tasks: Group
  faults: ClusterFaults
  serverFaults: ServerFaults
  logs: MemoryLogStore
}

/**
 * What runs of a cluster: control plane, controllers, scheduler and simulated nodes over one storage, on one clock. The handle (`Cluster`)
 * keeps what lasts longer: address, certificates, clients.
 */
export class RunningCluster implements AsyncDisposable {
  readonly storage: ObjectStorage
  readonly clock: Clock
  readonly controlPlane: ControlPlane
  readonly nodes: SimulatedNodes
  readonly faults: ClusterFaults
  readonly #options: RunningClusterOptions
  readonly #components: Components
  readonly #tasks: Group
  readonly #serverFaults: ServerFaults
  readonly #logs: MemoryLogStore
  readonly #compaction: Compaction
  #adminTransport: Transport | undefined

  private constructor(options: RunningClusterOptions, { controlPlane, components, nodes, tasks, faults, serverFaults, logs }: Parts) {
    this.#options = options
    this.storage = options.storage
    this.clock = options.clock
    this.controlPlane = controlPlane
    this.nodes = nodes
    this.faults = faults
    this.#components = components
    this.#tasks = tasks
    this.#serverFaults = serverFaults
    this.#logs = logs
    this.#compaction = new Compaction(options, options.state?.compaction)
  }

  /** The server answers when this resolves; nothing else runs yet. */
  static async open(options: RunningClusterOptions): Promise<RunningCluster> {
    const { storage, audit, certificates, images, controllers, serviceCIDR, clock, random, log, state } = options
    const logs = state?.logs.fork() ?? new MemoryLogStore()
    const environment = simulatedEnvironment({ clock, images, logs })
    let nodes: SimulatedNodes | undefined
    const serverFaults = new ServerFaults({ clock, storage }, state?.faults.server)
    const storageFaults = new StorageFaults<StoredObject>(clock, { shown: copyOfWrite, state: state?.faults.storage })
    const controlPlane = await ControlPlane.start({
      storage,
      audit,
      clock,
      random,
      log: log.child({ component: 'apiserver' }),
      certificates,
      serviceCIDR,
      inProcessNodes: {
        kubelet: name => nodes?.connectionTo(name),
        pod: (address, signal) => environment.network.connect(address, signal),
      },
      faults: serverFaults,
      storageFaults,
      state: state?.server,
    })
    const tasks = new Group(new AbortController().signal)
    const components = new Components({ controlPlane, controllers, caPEM: certificates.ca, clock, random, log }, state?.components)
    nodes = new SimulatedNodes({
      environment,
      logs,
      clientOf: (name, partition) => {
        const transport = controlPlane.transportOf({ name: `system:node:${name}`, groups: ['system:nodes'] }, 'kubelet')
        return controlPlane.clientOver(new PartitionedTransport(transport, partition))
      },
      informers: components.informers,
      clusterDNS: [serviceAddress(serviceCIDR, 'dns')],
      tasks,
      clock,
      random,
      log: log.child({ component: 'kubelet' }),
    })
    const faults = new ClusterFaults({ server: serverFaults, storage: storageFaults, controlPlane, images, nodes, tasks })
    if (state !== undefined && state.server === undefined) faults.stopAPIServer()
    return new RunningCluster(options, { controlPlane, components, nodes, tasks, faults, serverFaults, logs })
  }

  /** The same, with all that another cluster was: its time, its randomness and a copy of its storage. */
  static async openFrom(state: ClusterState, constants: ClusterConstants, own: OwnParts): Promise<RunningCluster> {
    const { clock = copyOf(state.clock), storage = await MemoryStorage.copyOf(state.storage) } = own
    const isThen = own.clock === undefined || own.clock.now() === state.clock.now()
    assert(isThen && storage.revision === state.storage.revision, 'a cluster goes on where the other one was')
    return RunningCluster.open({
      ...constants,
      random: state.random.copy(),
      ...own,
      clock,
      storage,
      audit: state.audit.copy(),
      isOnDisk: false,
      state,
    })
  }

  /** Makes the first objects, unless they are there, and starts the loops and nodes. @param endpoint where the server is reached */
  async run(endpoint: ServerEndpoint): Promise<void> {
    const { state } = this.#options
    const tasks = this.#tasks
    if (state === undefined) await this.controlPlane.createFirstObjects(endpoint, tasks.signal)
    tasks.spawn(signal => this.controlPlane.keepFirstObjects(endpoint, signal))
    tasks.spawn(signal => this.#compaction.run(signal))
    this.#components.run(tasks)
    if (state !== undefined) this.nodes.resume(state.nodes)
  }

  /** A copy of all that it is, at a moment at which nobody has anything to do: see `ClusterTime.settle`. */
  async save(): Promise<ClusterState> {
    const storage = await MemoryStorage.copyOf(this.storage)
    const { state: server } = this.controlPlane
    const serverFaults = this.#serverFaults
    // Somebody wrote while the copy was made: what others know would be newer.
    if (storage.revision !== this.storage.revision) return this.save()
    return {
      storage,
      audit: this.#options.audit.copy(),
      clock: copyOf(this.clock),
      random: this.#options.random.copy(),
      images: this.#options.images.copy(),
      logs: this.#logs.fork(),
      server,
      faults: { server: serverFaults.state, storage: this.faults.storage.state },
      compaction: this.#compaction.state,
      components: this.#components.stateAt(server === undefined || serverFaults.isHolding ? undefined : String(storage.revision)),
      nodes: this.nodes.state,
    }
  }

  /** A cluster that takes the place of another has come to rest: from now on what is ordered happens to all that is asked. */
  endResumption(): void {
    this.#serverFaults.endResumption()
  }

  get random(): Random {
    return this.#options.random
  }

  /** See `ClusterConstants`. */
  get constants(): ClusterConstants {
    const { certificates, controllers, serviceCIDR, historyMs, log } = this.#options
    return { certificates, controllers, serviceCIDR, historyMs, log }
  }

  /** The API as its administrator. */
  get adminTransport(): Transport {
    this.#adminTransport ??= this.controlPlane.transportOf({ name: 'kubernetes-admin', groups: ['system:masters'] })
    return this.#adminTransport
  }

  /** Resolves when it has stopped; rejects with what broke. */
  get ended(): Promise<void> {
    return this.#tasks.wait()
  }

  /** What is written outlives the process. */
  get isOnDisk(): boolean {
    return this.#options.isOnDisk
  }

  /** What was begun and goes on while the event loop is idle: nothing without a disk. */
  get requestsUnderWay(): number {
    return this.isOnDisk ? this.controlPlane.requestsUnderWay : 0
  }

  /** Watches that are still catching up with what happened. */
  get watchesCatchingUp(): number {
    return this.controlPlane.watchesCatchingUp
  }

  /**
   * First step of a stop: nodes and loops end, watches end, new requests are refused; those under way go on.
   * @param error told to the watches' clients
   */
  async stopServing(error?: Status): Promise<void> {
    this.controlPlane.clearFaults()
    await this.nodes[Symbol.asyncDispose]()
    await this.#tasks[Symbol.asyncDispose]()
    this.controlPlane.stopServing(error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopServing()
    this.controlPlane[Symbol.dispose]()
    await this.#options.audit[Symbol.asyncDispose]()
    await this.storage.close()
  }
}

/** Real time is the same for all. */
function copyOf(clock: Clock): Clock {
  return clock instanceof VirtualClock ? clock.copy() : clock
}
