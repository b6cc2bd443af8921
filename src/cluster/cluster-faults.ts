import type { RequestFaults } from '#apiserver/faults/request-faults.ts'
import type { ServerFaults, ServerFaultsState } from '#apiserver/faults/server-faults.ts'
import type { WatchFaults } from '#apiserver/faults/watch-faults.ts'
import type { StoredObject } from '#apiserver/storage/stored-object.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import type { Fault, Occurrences } from '#base/fault-rules.ts'
import type { Group } from '#base/group.ts'
import type { ControlPlane } from '#controlplane/control-plane.ts'
import type { PullError, SimulatedImages } from '#cri/simulated/index.ts'
import type { StorageFaults, StorageFaultsState, WritePattern as AnyWritePattern } from '#storage/storage-faults.ts'
import type { PodRef } from './cluster-client.ts'
import type { SimulatedNodes } from './simulated/simulated-nodes.ts'

/** Which writes to the storage a fault concerns. An empty one concerns all. */
export type WritePattern = AnyWritePattern<StoredObject>

/** What is ordered and has not happened yet; images and nodes keep theirs themselves. */
export interface ClusterFaultsState {
  server: ServerFaultsState
  storage: StorageFaultsState<StoredObject>
}

export interface ClusterFaultsOptions {
  server: ServerFaults
  storage: StorageFaults<StoredObject>
  controlPlane: ControlPlane
  images: SimulatedImages
  nodes: SimulatedNodes
  tasks: Group
}

/** Lets things go wrong in a cluster. What concerns one node is at `nodes.get(name).faults`. */
export class ClusterFaults {
  /** Requests that fail, wait, get no answer, or read the state of before. */
  readonly requests: RequestFaults
  /** Watches that lose events or get them late, or break. */
  readonly watches: WatchFaults
  /** Writes that the storage takes long for, or refuses. */
  readonly storage: StorageFaults<StoredObject>
  readonly #options: ClusterFaultsOptions
  #starting: Promise<void> = Promise.resolve()

  constructor(options: ClusterFaultsOptions) {
    this.#options = options
    this.requests = options.server.requests
    this.watches = options.server.watches
    this.storage = options.storage
    this.storage.onRestart = () => {
      this.stopAPIServer()
      options.tasks.spawn(() => this.startAPIServer())
    }
  }

  /**
   * What became in this cluster of a fault that was ordered in another, which this one is a fork of, or before it was set back: counts its
   * `hits` here, and takes it back here. Undefined when it will not happen here any more.
   */
  find(fault: Fault): Fault | undefined {
    const { images, nodes } = this.#options
    const found = this.requests.find(fault) ?? this.watches.find(fault) ?? this.storage.find(fault) ?? images.findFault(fault)
    if (found !== undefined) return found
    for (const node of nodes) {
      const ofNode = node.faults.find(fault)
      if (ofNode !== undefined) return ofNode
    }
    return undefined
  }

  /**
   * The API server dies: watches and connections break, and requests get no answer from now on. Every write that was answered is kept, one
   * under way may be made or not; what still waits because of `storage.delay` is lost.
   */
  stopAPIServer(): void {
    this.#options.controlPlane.crashServer()
  }

  /** The API server comes up at the same address over the same storage. Resolves when it serves. */
  startAPIServer(): Promise<void> {
    this.#starting = this.#starting.then(() => this.#options.controlPlane.startServer())
    return this.#starting
  }

  /** Down and up again at once. */
  restartAPIServer(): Promise<void> {
    this.stopAPIServer()
    return this.startAPIServer()
  }

  /**
   * The API server restarts in the middle of what it does: at a write.
   * @param options.when `after` (default): the write is made, and nobody is told; `before`: it is not made
   */
  restartAPIServerAt(writes: WritePattern, { when = 'after', ...occurrences }: Occurrences & { when?: 'before' | 'after' } = {}): Fault {
    return this.storage.restartAt(writes, { when, ...occurrences })
  }

  /** Pulls of an image fail on every node: `ErrImagePull`, then `ImagePullBackOff`. A name without tag means all tags. */
  failPulls(image: string, error: PullError = 'not found', occurrences: Occurrences = { times: Number.POSITIVE_INFINITY }): Fault {
    return this.#options.images.failPulls(image, error, occurrences)
  }

  /**
   * The kernel kills a container because memory ran out.
   * @param container needed when the pod has more than one
   * @throws Error when it does not run on a simulated node
   */
  async oomKill({ namespace = 'default', name }: PodRef, container?: string): Promise<void> {
    const { nodes, controlPlane } = this.#options
    const { spec, status } = await controlPlane.server.stores.of<Pod>({ group: '', resource: 'pods' }).get(namespace, name)
    const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    const running = statuses.filter(each => each.state?.running !== undefined && (container === undefined || each.name === container))
    const [killed, another] = running
    const node = nodes.get(spec.nodeName ?? '')
    if (killed?.containerID === undefined || node === undefined) throw new Error(`no such container runs in pod "${namespace}/${name}"`)
    if (another !== undefined) throw new Error(`pod "${namespace}/${name}" has several containers: say which one`)
    node.faults.killOutOfMemory(killed.containerID.replace(/^.*:\/\//, ''))
  }

  /**
   * The sandbox of a Pod dies, and its network with it; its containers go on until the kubelet makes all of it anew.
   * @throws Error when it does not run on a simulated node
   */
  async killSandbox({ namespace = 'default', name }: PodRef): Promise<void> {
    const { nodes, controlPlane } = this.#options
    const { spec } = await controlPlane.server.stores.of<Pod>({ group: '', resource: 'pods' }).get(namespace, name)
    const node = nodes.get(spec.nodeName ?? '')
    if (node === undefined) throw new Error(`pod "${namespace}/${name}" is on no simulated node`)
    node.faults.killSandboxOf({ namespace, name })
  }

  /**
   * Everything works again: what was ordered and has not happened yet is forgotten, what is delayed goes on, what is down comes up. Resolves
   * when the API server serves.
   */
  clear(): Promise<void> {
    const { server, images, nodes } = this.#options
    server.clear()
    this.storage.clear()
    images.clearFaults()
    for (const node of nodes) {
      node.faults.clear()
      this.#options.tasks.spawn(() => node.startKubelet())
    }
    return this.startAPIServer()
  }
}
