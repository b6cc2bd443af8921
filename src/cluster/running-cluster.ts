import type { AuditLog } from '#apiserver/audit/audit-log.ts'
import { ServerFaults } from '#apiserver/faults/server-faults.ts'
import type { Clock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { PartitionedTransport } from '#client/partition.ts'
import type { ControllerName } from '#controller/manager.ts'
import { runCompaction } from '#controlplane/compaction.ts'
import { ControlPlane } from '#controlplane/control-plane.ts'
import type { ServerEndpoint } from '#controlplane/first-objects.ts'
import { MemoryLogStore, simulatedEnvironment, type SimulatedImages } from '#cri/simulated/index.ts'
import type { Storage } from '#storage/storage.ts'
import { StorageFaults } from '#storage/storage-faults.ts'
import { ClusterFaults } from './cluster-faults.ts'
import { Components } from './components.ts'
import type { ClusterCertificates } from './pki/cluster-pki.ts'
import { serviceAddress } from './service-range.ts'
import { SimulatedNodes } from './simulated/simulated-nodes.ts'

export interface RunningClusterOptions {
  /** Closed with the cluster. */
  storage: Storage
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
}

interface Parts {
  controlPlane: ControlPlane
  components: Components
  nodes: SimulatedNodes
  tasks: Group
  faults: ClusterFaults
}

/**
 * What runs of a cluster: control plane, controllers, scheduler and simulated nodes over one storage, on one clock. The handle (`Cluster`)
 * keeps what lasts longer: address, certificates, clients.
 */
export class RunningCluster implements AsyncDisposable {
  readonly storage: Storage
  readonly clock: Clock
  readonly controlPlane: ControlPlane
  readonly nodes: SimulatedNodes
  readonly faults: ClusterFaults
  readonly #options: RunningClusterOptions
  readonly #components: Components
  readonly #tasks: Group

  private constructor(options: RunningClusterOptions, { controlPlane, components, nodes, tasks, faults }: Parts) {
    this.#options = options
    this.storage = options.storage
    this.clock = options.clock
    this.controlPlane = controlPlane
    this.nodes = nodes
    this.faults = faults
    this.#components = components
    this.#tasks = tasks
  }

  /** The server answers when this resolves; nothing else runs yet. */
  static async open(options: RunningClusterOptions): Promise<RunningCluster> {
    const { storage, audit, certificates, images, controllers, serviceCIDR, clock, random, log } = options
    const logs = new MemoryLogStore()
    const environment = simulatedEnvironment({ clock, images, logs })
    let nodes: SimulatedNodes | undefined
    const serverFaults = new ServerFaults({ clock, storage })
    const storageFaults = new StorageFaults(clock)
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
    })
    const tasks = new Group(new AbortController().signal)
    const components = new Components({ controlPlane, controllers, caPEM: certificates.ca, clock, random, log })
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
    return new RunningCluster(options, { controlPlane, components, nodes, tasks, faults })
  }

  /** Makes the first objects and starts the loops. @param endpoint where the server is reached */
  async run(endpoint: ServerEndpoint): Promise<void> {
    const { storage, historyMs, clock, log } = this.#options
    const tasks = this.#tasks
    await this.controlPlane.createFirstObjects(endpoint, tasks.signal)
    tasks.spawn(signal => this.controlPlane.keepFirstObjects(endpoint, signal))
    tasks.spawn(signal => runCompaction({ storage, historyMs, clock, log }, signal))
    this.#components.run(tasks)
  }

  /** Resolves when it has stopped; rejects with what broke. */
  get ended(): Promise<void> {
    return this.#tasks.wait()
  }

  /** What was begun and goes on while the event loop is idle: nothing without a disk. */
  get requestsUnderWay(): number {
    return this.#options.isOnDisk ? this.controlPlane.requestsUnderWay : 0
  }

  /** First step of a stop: nodes and loops end, watches end, new requests are refused; those under way go on. */
  async stopServing(): Promise<void> {
    await this.nodes[Symbol.asyncDispose]()
    await this.#tasks[Symbol.asyncDispose]()
    this.controlPlane.stopServing()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopServing()
    this.controlPlane[Symbol.dispose]()
    await this.#options.audit[Symbol.asyncDispose]()
    await this.storage.close()
  }
}
