import type { Duplex } from 'node:stream'
import type { Taint } from '#api/core/v1/types.gen.ts'
import { formatIPv4 } from '#base/cidr.ts'
import type { Clock } from '#base/clock.ts'
import type { Group } from '#base/group.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { kubernetesVersion } from '#base/version.ts'
import type { Client } from '#client/client.ts'
import type { InformerFactory } from '#client/informer-factory.ts'
import { Partition } from '#client/partition.ts'
import { type LogSource, type SimulatedEnvironment, type SimulatedNodeState, SimulatedRuntime } from '#cri/simulated/index.ts'
import { Kubelet, type KubeletState, MemoryHostFiles, sharedSources, simulatedHost } from '#kubelet/index.ts'
import { machineOf, type SimulatedNodeGroup } from './node-group.ts'
import { SimulatedNode } from './simulated-node.ts'

export interface SimulatedNodesOptions {
  environment: SimulatedEnvironment
  /** The store that `environment.logs` is. */
  logs: LogSource
  clientOf: (nodeName: string, partition: Partition) => Client
  /** Read by all kubelets together. */
  informers: InformerFactory
  /** Addresses of the cluster's DNS service, as pods get them. */
  clusterDNS: readonly string[]
  /** Kubelets are tasks of the cluster: one that breaks ends it. */
  tasks: Group
  clock: Clock
  random: Random
  log: Logger
}

/** Nothing is ever sent to these addresses: they are names in the simulated network. */
const firstNodeAddress = (172 * 256 + 16) * 65_536 + 1
const firstPodAddress = (10 * 256 + 128) * 65_536
/** Up to 10.244.0.0, where the ranges of real nodes begin. */
const nodesMax = (244 - 128) * 256
const smallestRange = 24
const rootDirectory = '/var/lib/kubelet'
const podLogsDirectory = '/var/log/pods'

/** What a node is from its start on. */
interface NodePlace {
  name: string
  machine: ReturnType<typeof machineOf>
  labels: Readonly<Record<string, string>> | undefined
  taints: readonly Taint[]
  nodeIP: string
  podCIDR: string
}

interface NodeState {
  place: NodePlace
  runtime: SimulatedNodeState
  files: MemoryHostFiles
  /** Undefined while it does not run. */
  kubelet: KubeletState | undefined
  isKubeletStopped: boolean
}

/** All nodes of a cluster, to go on from there. */
export interface SimulatedNodesState {
  nodes: readonly NodeState[]
  count: number
  nextRange: number
}

/** The simulated nodes of a cluster. */
export class SimulatedNodes implements AsyncDisposable {
  readonly #options: SimulatedNodesOptions
  readonly #nodes = new Map<string, SimulatedNode>()
  /** What gives the state of each. */
  readonly #states = new WeakMap<SimulatedNode, () => NodeState>()
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  #sources: ReturnType<typeof sharedSources> | undefined
  #count = 0
  #nextRange = 0

  constructor(options: SimulatedNodesOptions) {
    this.#options = options
    this.#signal = AbortSignal.any([this.#stop.signal, options.tasks.signal])
  }

  get size(): number {
    return this.#nodes.size
  }

  get(name: string): SimulatedNode | undefined {
    return this.#nodes.get(name)
  }

  [Symbol.iterator](): Iterator<SimulatedNode> {
    return this.#nodes.values()
  }

  /** Starts nodes. @returns them; their `kubelet.ready` tells when the API shows each as Ready. @throws Error for what makes no sense */
  add(group: SimulatedNodeGroup): SimulatedNode[] {
    const machine = machineOf(group)
    const added: SimulatedNode[] = []
    for (let index = 0; index < group.count; index++) {
      let name = `${group.namePrefix ?? 'node'}-${index}`
      for (let next = index; this.#nodes.has(name); next++) name = `${group.namePrefix ?? 'node'}-${next}`
      const { labels, taints = [] } = group
      const nodeIP = formatIPv4(firstNodeAddress + this.#count++)
      added.push(this.#start({ name, machine, labels, taints, nodeIP, podCIDR: this.#podRange(machine.maxPods) }))
    }
    return added
  }

  /** Nodes take the place of others, in a cluster that has none yet. */
  resume({ nodes, count, nextRange }: SimulatedNodesState): void {
    this.#count = count
    this.#nextRange = nextRange
    for (const state of nodes) this.#start(state.place, state)
  }

  /** A copy. */
  get state(): SimulatedNodesState {
    return { nodes: [...this.#nodes.values()].map(node => this.#states.get(node)!()), count: this.#count, nextRange: this.#nextRange }
  }

  /** The machine is taken away: no farewell, its Node object stays. */
  async remove(name: string): Promise<void> {
    const node = this.#nodes.get(name)
    this.#nodes.delete(name)
    await node?.[Symbol.asyncDispose]()
  }

  /** For the API server: how it reaches the node's kubelet. */
  connectionTo(name: string): (() => Duplex) | undefined {
    const node = this.#nodes.get(name)
    return node === undefined ? undefined : () => node.connect()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the cluster stops'))
    await Promise.all([...this.#nodes.values()].map(node => node[Symbol.asyncDispose]()))
    this.#nodes.clear()
  }

  #start(place: NodePlace, state?: NodeState): SimulatedNode {
    const { environment, logs, clientOf, clusterDNS, clock, random, log } = this.#options
    this.#sources ??= sharedSources(this.#options.informers)
    const { name: nodeName, machine, labels, taints, nodeIP, podCIDR } = place
    const files = state?.files.copy() ?? new MemoryHostFiles()
    const partition = new Partition()
    const client = clientOf(nodeName, partition)
    const sources = this.#sources(partition)
    const node = new SimulatedNode({
      name: nodeName,
      ip: nodeIP,
      partition,
      runtimeOf: listener =>
        new SimulatedRuntime({ environment, random, nodeName, nodeIP, podCIDR, files, machine: listener }, state?.runtime),
      kubeletOver: (runtime, kubeletState) => {
        const isDiskFull = () => runtime.isDiskFull
        return new Kubelet(
          {
            nodeName,
            client,
            runtime,
            images: runtime,
            host: simulatedHost(machine, { network: environment.network, logs, files, isDiskFull }),
            clock,
            random,
            log,
            rootDirectory,
            podLogsDirectory,
            nodeIPs: [nodeIP],
            clusterDNS,
            version: kubernetesVersion.gitVersion,
            ...(labels !== undefined && { labels }),
            taints: [...taints],
            maxPods: machine.maxPods,
            sources,
            state: kubeletState,
          },
          this.#signal,
        )
      },
      onStart: kubelet => this.#options.tasks.spawn(() => kubelet.stopped),
      clock,
      log,
      state,
    })
    this.#nodes.set(nodeName, node)
    this.#states.set(node, () => ({ place, runtime: node.runtime.state, files: files.copy(), ...node.kubeletState }))
    return node
  }

  /** A part of 10.128.0.0/9 with room for the node's pods: a /24, or some of them together. */
  #podRange(maxPods: number): string {
    let prefixLength = smallestRange
    while (2 ** (32 - prefixLength) - 3 < maxPods) prefixLength--
    const ranges = 2 ** (smallestRange - prefixLength)
    const first = Math.ceil(this.#nextRange / ranges) * ranges
    this.#nextRange = first + ranges
    if (this.#nextRange > nodesMax) throw new Error('there are no addresses left for the pods of more nodes')
    return `${formatIPv4(firstPodAddress + first * 256)}/${prefixLength}`
  }
}
