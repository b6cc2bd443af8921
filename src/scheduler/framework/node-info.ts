import { assert } from '#base/assert.ts'
import { SmallMap } from '#base/small-map.ts'
import { hostPortsConflict, type HostPort } from '#api/core/v1/host-ports.ts'
import type { Node, Taint } from '#api/core/v1/types.gen.ts'
import type { PodInfo } from './pod-info.ts'
import { addVector, emptyVector, type ResourceVector, vectorOf } from './resource-vector.ts'

/** A node and the pods that count on it, with sums kept as pods come and go. */
export class NodeInfo {
  readonly name: string
  #node: Node | undefined
  #allocatable: ResourceVector = emptyVector()
  #isUnschedulable = false
  #repelling: readonly Taint[] = []
  #unwelcoming: readonly Taint[] = []
  readonly requested: ResourceVector = emptyVector()
  readonly nonZero = { milliCPU: 0, memory: 0 }
  readonly pods = new SmallMap<string, PodInfo>()
  /** Those that pods of the node take, by number. */
  readonly #hostPorts = new SmallMap<number, HostPort[]>()

  constructor(name: string) {
    this.name = name
  }

  /** Undefined while only pods of it are known. */
  get node(): Node | undefined {
    return this.#node
  }

  get allocatable(): ResourceVector {
    return this.#allocatable
  }

  /** Taints that keep pods away (NoSchedule, NoExecute). */
  get repellingTaints(): readonly Taint[] {
    return this.#repelling
  }

  /** Taints that pods avoid if they can (PreferNoSchedule). */
  get unwelcomingTaints(): readonly Taint[] {
    return this.#unwelcoming
  }

  /** Whether the node is cordoned. */
  get isUnschedulable(): boolean {
    return this.#isUnschedulable
  }

  setNode(node: Node | undefined): void {
    const taints = node?.spec.taints ?? []
    this.#node = node
    this.#allocatable = vectorOf(node?.status?.allocatable)
    this.#isUnschedulable = node?.spec.unschedulable === true
    this.#repelling = taints.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute')
    this.#unwelcoming = taints.filter(({ effect }) => effect === 'PreferNoSchedule')
  }

  addPod(info: PodInfo): void {
    assert(!this.pods.has(info.uid), 'a pod counts once on its node', () => info.key)
    this.pods.set(info.uid, info)
    for (const port of info.hostPorts) {
      const taken = this.#hostPorts.get(port.port)
      if (taken === undefined) this.#hostPorts.set(port.port, [port])
      else taken.push(port)
    }
    this.#count(info, 1)
  }

  removePod(uid: string): void {
    const info = this.pods.get(uid)
    if (info === undefined) return
    this.pods.delete(uid)
    this.#count(info, -1)
    for (const port of info.hostPorts) {
      const left = this.#hostPorts.get(port.port)!.filter(other => other !== port)
      if (left.length === 0) this.#hostPorts.delete(port.port)
      else this.#hostPorts.set(port.port, left)
    }
  }

  hasHostPortConflict(ports: readonly HostPort[]): boolean {
    return ports.some(port => this.#hostPorts.get(port.port)?.some(taken => hostPortsConflict(port, taken)))
  }

  #count(info: PodInfo, sign: 1 | -1): void {
    addVector(this.requested, info.requests, sign)
    this.nonZero.milliCPU += sign * info.nonZero.milliCPU
    this.nonZero.memory += sign * info.nonZero.memory
  }
}
