import { isPodTerminal } from '#api/core/v1/pod-conditions.ts'
import type { Node, Pod, PodStatus } from '#api/core/v1/types.gen.ts'
import { keyOf } from '#apimachinery/meta/v1/object.ts'
import { isNotFound } from '#apimachinery/status/status.ts'
import { type Informer, type InformerEvent, waitForSync } from '#client/informer.ts'
import { refOf } from '#client/rest-client.ts'
import { WorkQueue } from '#client/workqueue.ts'
import type { Controller, ControllerContext, ControllerState } from '../controller.ts'
import { disruptionTarget, patchPodStatus } from '../pod-status.ts'
import { indexPodsByNode, podsOnNode } from '../pods-by-node.ts'
import { excessPods, garbageOf, type Garbage } from './plan.ts'

/** A node must be gone this long before its pods count as orphans (upstream's quarantine). */
export const nodeQuarantineMs = 40_000
const terminatedPodsMax = 12_500
/** Key for the work of finding finished pods beyond the limit; no pod has it. */
const excessKey = '*'
const orphanWords = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }

export interface PodGCOptions {
  /** Finished pods beyond this number are deleted, the oldest first. Default 12,500. */
  terminatedPodsMax?: number
}

/**
 * Deletes pods that nobody else will: terminating ones that never reached a node or whose node is out of service, those bound to a node
 * that is gone, and the oldest finished ones beyond a limit (kube-controller-manager's `pod-garbage-collector`).
 */
export class PodGCController implements Controller<number> {
  readonly #context: ControllerContext<number>
  readonly #terminatedMax: number
  readonly #nodes: Informer<Node>
  readonly #pods: Informer<Pod>
  readonly #queue: WorkQueue<string>
  /** Since when the node that pods are bound to is gone. */
  readonly #missingSince: Map<string, number>
  readonly #terminated = new Set<string>()

  constructor(context: ControllerContext<number>, options: PodGCOptions = {}) {
    this.#context = context
    this.#terminatedMax = options.terminatedPodsMax ?? terminatedPodsMax
    this.#nodes = context.informers.of<Node>({ apiVersion: 'v1', kind: 'Node' })
    this.#pods = indexPodsByNode(context.informers.of<Pod>({ apiVersion: 'v1', kind: 'Pod' }))
    this.#queue = new WorkQueue({ clock: context.clock }, context.state?.queue)
    this.#missingSince = new Map(context.state?.memory)
    if (context.state === undefined) return
    for (const pod of this.#pods.values()) if (isPodTerminal(pod)) this.#terminated.add(keyOf(pod))
  }

  get state(): ControllerState<number> {
    return { queue: this.#queue.state, memory: new Map(this.#missingSince) }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, state } = this.#context
    const isKnown = state !== undefined
    await waitForSync([this.#nodes, this.#pods], signal)
    using _nodeEvents = this.#nodes.onChange(event => this.#onNode(event), { isKnown })
    using _podEvents = this.#pods.onChange(event => this.#onPod(event), { isKnown })
    await this.#queue.run(
      { workers: 2, onError: (pod, error) => log.warn('cannot collect the pod', { pod, error }) },
      (key, inner) => (key === excessKey ? this.#queueExcess() : this.#sync(this.#pods.get(key), inner)),
      signal,
    )
  }

  #onPod({ type, object }: InformerEvent<Pod>): void {
    const key = keyOf(object)
    if (type === 'delete' || !isPodTerminal(object)) this.#terminated.delete(key)
    else this.#terminated.add(key)
    if (type === 'delete') {
      const { nodeName = '' } = object.spec
      if (this.#missingSince.has(nodeName) && podsOnNode(this.#pods, nodeName).length === 0) this.#missingSince.delete(nodeName)
      return
    }
    if (this.#garbageOf(object) !== undefined) this.#queue.add(key)
    if (this.#terminated.size > this.#terminatedMax) this.#queue.add(excessKey)
  }

  #onNode({ type, object }: InformerEvent<Node>): void {
    const { name } = object.metadata
    if (type !== 'delete') this.#missingSince.delete(name)
    for (const pod of podsOnNode(this.#pods, name)) if (this.#garbageOf(pod) !== undefined) this.#queue.add(keyOf(pod))
  }

  #garbageOf(pod: Pod): Garbage | undefined {
    return garbageOf(pod, this.#nodes.get(pod.spec.nodeName ?? ''))
  }

  async #queueExcess(): Promise<undefined> {
    const terminated = [...this.#terminated].map(key => this.#pods.get(key)!)
    for (const pod of excessPods(terminated, this.#terminatedMax)) this.#queue.add(keyOf(pod))
  }

  async #sync(pod: Pod | undefined, signal: AbortSignal): Promise<number | undefined> {
    if (pod === undefined) return undefined
    const garbage = this.#garbageOf(pod)
    if (garbage === 'orphaned') {
      const waitMs = this.#quarantineLeftMs(pod.spec.nodeName!)
      if (waitMs > 0) return waitMs
      if (await this.#isNodeThere(pod.spec.nodeName!, signal)) return undefined
    } else if (garbage === undefined && !this.#isExcess(pod)) return undefined
    await this.#remove(pod, garbage ?? 'terminated', signal)
    return undefined
  }

  #isExcess(pod: Pod): boolean {
    return this.#terminated.size > this.#terminatedMax && this.#terminated.has(keyOf(pod))
  }

  #quarantineLeftMs(nodeName: string): number {
    const nowMs = this.#context.clock.monotonicMs()
    const sinceMs = this.#missingSince.get(nodeName) ?? nowMs
    this.#missingSince.set(nodeName, sinceMs)
    return sinceMs + nodeQuarantineMs - nowMs
  }

  /** The informer of nodes may be behind; it tells when the node comes. */
  async #isNodeThere(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#context.client.get({ apiVersion: 'v1', kind: 'Node', name }, signal)
      return true
    } catch (error) {
      if (!isNotFound(error)) throw error
      return false
    }
  }

  async #remove(pod: Pod, reason: Garbage | 'terminated', signal: AbortSignal): Promise<void> {
    const { client, clock, log } = this.#context
    try {
      if (!isPodTerminal(pod)) {
        const status: PodStatus = { phase: 'Failed' }
        const condition = reason === 'orphaned' ? disruptionTarget(pod, orphanWords, clock.now()) : undefined
        if (condition !== undefined) status.conditions = [condition]
        await patchPodStatus(client, pod, status, signal)
      }
      await client.delete(refOf(pod), signal, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
      log.info('pod collected', { pod: keyOf(pod), reason })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}
