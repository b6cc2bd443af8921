import type { Duplex } from 'node:stream'
import { formatIPv4 } from '#base/cidr.ts'
import type { InformerFactory } from '#client/informer-factory.ts'
import { sharedSources } from '#kubelet/index.ts'
import { machineOf, type SimulatedNodeGroup } from './node-group.ts'
import { type NodePlace, type NodeState, type NodeSurroundings, SimulatedNode } from './simulated-node.ts'

export interface SimulatedNodesOptions extends Omit<NodeSurroundings, 'sourcesOf' | 'signal'> {
  /** Read by all kubelets together. */
  informers: InformerFactory
}

/** Nothing is ever sent to these addresses: they are names in the simulated network. */
const firstNodeAddress = (172 * 256 + 16) * 65_536 + 1
const firstPodAddress = (10 * 256 + 128) * 65_536
/** Up to 10.244.0.0, where the ranges of real nodes begin. */
const nodesMax = (244 - 128) * 256
const smallestRange = 24
/** Nodes start one crowd after the other: what thousands have begun at a time would all be in memory. */
const nodesAtOnce = 50

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
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  /** Made with the first node. */
  #surroundings: NodeSurroundings | undefined
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
  async add(group: SimulatedNodeGroup): Promise<SimulatedNode[]> {
    const machine = machineOf(group)
    const labels = group.labels ?? {}
    const taints = [...(group.taints ?? [])]
    const added: SimulatedNode[] = []
    for (let index = 0; index < group.count; index++) {
      if (index > 0 && index % nodesAtOnce === 0) await new Promise(resolve => setImmediate(resolve))
      this.#signal.throwIfAborted()
      let name = `${group.namePrefix ?? 'node'}-${index}`
      for (let next = index; this.#nodes.has(name); next++) name = `${group.namePrefix ?? 'node'}-${next}`
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
    return { nodes: [...this.#nodes.values()].map(({ state }) => state), count: this.#count, nextRange: this.#nextRange }
  }

  /** The machine is taken away: no farewell, its Node object stays. @throws Error when there is no such simulated node */
  async remove(name: string): Promise<void> {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new Error(`there is no simulated node "${name}", only ${[...this.#nodes.keys()].join(', ') || 'none'}`)
    this.#nodes.delete(name)
    await node[Symbol.asyncDispose]()
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
    this.#surroundings ??= { ...this.#options, sourcesOf: sharedSources(this.#options.informers), signal: this.#signal }
    const node = new SimulatedNode(place, this.#surroundings, state)
    this.#nodes.set(place.name, node)
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
