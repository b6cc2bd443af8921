import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { NodeInfo } from '../framework/node-info.ts'
import { type PodInfo, podInfoOf } from '../framework/pod-info.ts'
import { asksForLess } from '../framework/resource-vector.ts'

/** Nodes in the order of their arrival, each with the pods that count on it; those without a node object are last. */
export type CacheState = readonly { name: string; node: Node | undefined; pods: readonly PodInfo[] }[]

/**
 * The scheduler's picture of the nodes: pods that are bound, and pods that it has assumed onto a node while their binding is being
 * written. Nodes keep their place in `nodes`, so that a rotating start spreads pods.
 */
export class SchedulerCache {
  readonly #byName = new Map<string, NodeInfo>()
  #nodes: NodeInfo[] = []
  /** Node name by pod UID. */
  readonly #placed = new Map<string, string>()
  /** UIDs of pods that count on a node because we chose it: the API does not show it yet. */
  readonly #assumed = new Set<string>()

  /** @param state of a cache that this one takes the place of */
  constructor(state: CacheState = []) {
    for (const { name, node, pods } of state) {
      if (node !== undefined) this.setNode(node)
      for (const info of pods) this.#place(info, name)
    }
  }

  /** A copy, without what is only assumed: bindings under way are begun again there. */
  get state(): CacheState {
    const nodeless = [...this.#byName.values()].filter(({ node }) => node === undefined)
    const seen = ({ pods }: NodeInfo) => [...pods.values()].filter(({ uid }) => !this.#assumed.has(uid))
    return [...this.#nodes, ...nodeless].map(info => ({ name: info.name, node: info.node, pods: seen(info) }))
  }

  /** Nodes that exist, in the order of their arrival. */
  get nodes(): readonly NodeInfo[] {
    return this.#nodes
  }

  nodeOf(name: string): NodeInfo | undefined {
    return this.#byName.get(name)
  }

  setNode(node: Node): void {
    const info = this.#infoOf(node.metadata.name)
    if (info.node === undefined) this.#nodes.push(info)
    info.setNode(node)
  }

  removeNode(name: string): void {
    const info = this.#byName.get(name)
    if (info === undefined) return
    info.setNode(undefined)
    this.#nodes = this.#nodes.filter(other => other !== info)
    this.#forgetIfEmpty(info)
  }

  /** Counts a pod on the node that was chosen for it, until the API shows where it is. */
  assumePod(info: PodInfo, nodeName: string): void {
    this.#place(info, nodeName)
    this.#assumed.add(info.uid)
  }

  /** The choice did not come true. Where the API has shown the pod meanwhile, it stays. @returns whether room was made */
  forgetPod(uid: string): boolean {
    return this.#assumed.has(uid) && this.removePod(uid)
  }

  /**
   * Takes a bound pod from the API, which is right when it is another node than assumed; one that already counts there as it is costs
   * nothing. @returns whether room was made somewhere
   */
  setBoundPod(pod: Pod): boolean {
    const uid = pod.metadata.uid ?? ''
    const nodeName = pod.spec.nodeName!
    this.#assumed.delete(uid)
    const before = this.#placed.get(uid)
    const known = before === undefined ? undefined : this.#byName.get(before)?.pods.get(uid)
    if (before === nodeName && known !== undefined && generationOf(known.pod) === generationOf(pod)) return false
    const info = podInfoOf(pod)
    this.#place(info, nodeName)
    return known !== undefined && (before !== nodeName || asksForLess(info.requests, known.requests))
  }

  /** @returns whether room was made: the pod counted somewhere */
  removePod(uid: string): boolean {
    const nodeName = this.#placed.get(uid)
    if (nodeName === undefined) return false
    this.#placed.delete(uid)
    this.#assumed.delete(uid)
    const info = this.#infoOf(nodeName)
    info.removePod(uid)
    this.#forgetIfEmpty(info)
    return true
  }

  #place(info: PodInfo, nodeName: string): void {
    this.removePod(info.uid)
    this.#infoOf(nodeName).addPod(info)
    this.#placed.set(info.uid, nodeName)
  }

  #infoOf(name: string): NodeInfo {
    let info = this.#byName.get(name)
    if (info === undefined) this.#byName.set(name, (info = new NodeInfo(name)))
    return info
  }

  #forgetIfEmpty(info: NodeInfo): void {
    if (info.node === undefined && info.pods.size === 0) this.#byName.delete(info.name)
  }
}

function generationOf({ metadata }: Pod): number {
  return metadata.generation ?? 0
}
