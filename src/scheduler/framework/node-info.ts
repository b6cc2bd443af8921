import { assert } from '#base/assert.ts'
import { hostPortsConflict, type HostPort } from '#api/core/v1/host-ports.ts'
import type { Node, Taint } from '#api/core/v1/types.gen.ts'
import type { PodInfo } from './pod-info.ts'
import { addVector, emptyVector, type ResourceVector, vectorOf } from './resource-vector.ts'

/** A node and the pods that count on it, with sums kept as pods come and go. */
export class NodeInfo {
  readonly name: string
  #node: Node | undefined
  #allocatable: ResourceVector = emptyVector()
  #repelling: readonly Taint[] = []
  readonly requested: ResourceVector = emptyVector()
  readonly nonZero = { milliCPU: 0, memory: 0 }
  readonly pods = new Map<string, PodInfo>()
  readonly #hostPorts: HostPort[] = []

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

  setNode(node: Node | undefined): void {
    this.#node = node
    this.#allocatable = vectorOf(node?.status?.allocatable)
    this.#repelling = (node?.spec.taints ?? []).filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute')
  }

  addPod(info: PodInfo): void {
    assert(!this.pods.has(info.uid), 'a pod counts once on its node', () => info.key)
    this.pods.set(info.uid, info)
    this.#hostPorts.push(...info.hostPorts)
    this.#count(info, 1)
  }

  removePod(uid: string): void {
    const info = this.pods.get(uid)
    if (info === undefined) return
    this.pods.delete(uid)
    this.#count(info, -1)
    for (const port of info.hostPorts) this.#hostPorts.splice(this.#hostPorts.indexOf(port), 1)
  }

  hasHostPortConflict(ports: readonly HostPort[]): boolean {
    return ports.some(port => this.#hostPorts.some(taken => hostPortsConflict(port, taken)))
  }

  #count(info: PodInfo, sign: 1 | -1): void {
    addVector(this.requested, info.requests, sign)
    this.nonZero.milliCPU += sign * info.nonZero.milliCPU
    this.nonZero.memory += sign * info.nonZero.memory
  }
}
