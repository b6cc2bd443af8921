import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { NodeInfo } from '../framework/node-info.ts'
import { type PodInfo, podInfoOf } from '../framework/pod-info.ts'

/**
 * The scheduler's picture of the nodes: pods that are bound, and pods that it has assumed onto a node while their binding is being
 * written. Nodes keep their place in `nodes`, so that a rotating start spreads pods.
 */
export class SchedulerCache {
  readonly #byName = new Map<string, NodeInfo>()
  #nodes: NodeInfo[] = []
  /** Node name by pod UID. */
  readonly #placed = new Map<string, string>()

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

  /** Counts a pod on the node: assumed now, or seen as bound there. Bound somewhere else than assumed, the API is right. */
  placePod(info: PodInfo, nodeName: string): void {
    if (this.#placed.has(info.uid)) this.removePod(info.uid)
    this.#infoOf(nodeName).addPod(info)
    this.#placed.set(info.uid, nodeName)
  }

  /** Takes a bound pod from the API; one that already counts there as it is costs nothing. */
  setBoundPod(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const nodeName = pod.spec.nodeName!
    const known = this.#placed.get(uid) === nodeName ? this.#byName.get(nodeName)?.pods.get(uid) : undefined
    if (known !== undefined && (known.pod.metadata.generation ?? 0) === (pod.metadata.generation ?? 0)) return
    this.placePod(podInfoOf(pod), nodeName)
  }

  removePod(uid: string): void {
    const nodeName = this.#placed.get(uid)
    if (nodeName === undefined) return
    this.#placed.delete(uid)
    const info = this.#infoOf(nodeName)
    info.removePod(uid)
    this.#forgetIfEmpty(info)
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
