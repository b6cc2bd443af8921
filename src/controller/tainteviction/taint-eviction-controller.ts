import { isDeepStrictEqual } from 'node:util'
import type { Node, Pod, Taint } from '#api/core/v1/types.gen.ts'
import { formatDurationMs } from '#apimachinery/duration/duration.ts'
import { keyOf } from '#apimachinery/meta/v1/object.ts'
import { isNotFound } from '#apimachinery/status/status.ts'
import type { EventRecorder } from '#client/events/event-recorder.ts'
import { type Informer, type InformerEvent, waitForSync } from '#client/informer.ts'
import { refOf } from '#client/rest-client.ts'
import { type Again, WorkQueue } from '#client/workqueue.ts'
import type { Controller, ControllerContext, ControllerState } from '../controller.ts'
import { disruptionTarget, patchPodStatus } from '../pod-status.ts'
import { indexPodsByNode, podsOnNode } from '../pods-by-node.ts'
import { type Eviction, type EvictionObservation, planEviction } from './plan.ts'

const eventReason = 'TaintManagerEviction'
const words = { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' }

/** Deletes pods whose node has a NoExecute taint that they do not tolerate, or not any longer. */
export class TaintEvictionController implements Controller<Eviction> {
  readonly #context: ControllerContext<Eviction>
  readonly #events: EventRecorder
  readonly #nodes: Informer<Node>
  readonly #pods: Informer<Pod>
  readonly #queue: WorkQueue<string>
  readonly #evictions: Map<string, Eviction>

  constructor(context: ControllerContext<Eviction>, events: EventRecorder) {
    this.#context = context
    this.#events = events
    this.#nodes = context.informers.of<Node>({ apiVersion: 'v1', kind: 'Node' })
    this.#pods = indexPodsByNode(context.informers.of<Pod>({ apiVersion: 'v1', kind: 'Pod' }))
    this.#queue = new WorkQueue({ clock: context.clock }, context.state?.queue)
    this.#evictions = new Map(context.state?.memory)
  }

  get state(): ControllerState<Eviction> {
    return { queue: this.#queue.state, memory: new Map(this.#evictions) }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, state } = this.#context
    const isKnown = state !== undefined
    await waitForSync([this.#nodes, this.#pods], signal)
    using _podEvents = this.#pods.onChange(event => this.#onPod(event), { isKnown })
    using _nodeEvents = this.#nodes.onChange(event => this.#onNode(event), { isKnown })
    await this.#queue.run(
      { workers: 8, onError: (pod, error) => log.warn('cannot evict the pod', { pod, error }) },
      (key, inner) => this.#sync(key, inner),
      signal,
    )
  }

  #onPod(event: InformerEvent<Pod>): void {
    const { spec } = event.object
    const isSame =
      event.type === 'update' &&
      event.old.spec.nodeName === spec.nodeName &&
      isDeepStrictEqual(event.old.spec.tolerations, spec.tolerations)
    if (!isSame) this.#queue.add(keyOf(event.object))
  }

  #onNode(event: InformerEvent<Node>): void {
    const before = event.type === 'update' ? noExecuteTaints(event.old) : []
    if (isDeepStrictEqual(before, noExecuteTaints(event.object))) return
    for (const pod of podsOnNode(this.#pods, event.object.metadata.name)) this.#queue.add(keyOf(pod))
  }

  async #sync(key: string, signal: AbortSignal): Promise<Again | undefined> {
    const nowMs = this.#context.clock.monotonicMs()
    const pod = this.#pods.get(key)
    const before = this.#evictions.get(key)
    const step = planEviction({ ...this.#observe(pod), before, nowMs })
    switch (step.type) {
      case 'wait':
        this.#remember(key, step.eviction)
        return step.againAtMs === undefined ? undefined : { afterMs: step.againAtMs - nowMs, reason: overText(step.eviction!) }
      case 'cancel':
        this.#remember(key, undefined)
        this.#events.event(podReference(key, before?.uid), 'Normal', eventReason, `Cancelling deletion of Pod ${key}`)
        // Another pod may have taken the name.
        this.#queue.add(key)
        return undefined
      case 'evict':
        await this.#evict(pod!, signal)
        this.#remember(key, step.eviction)
        return undefined
    }
  }

  #observe(pod: Pod | undefined): Pick<EvictionObservation, 'pod' | 'taints'> {
    const nodeName = pod?.spec.nodeName ?? ''
    if (pod === undefined || nodeName === '') return { pod: undefined, taints: undefined }
    const node = this.#nodes.get(nodeName)
    return {
      pod: { uid: pod.metadata.uid ?? '', tolerations: pod.spec.tolerations ?? [] },
      taints: node === undefined ? undefined : (node.spec.taints ?? []),
    }
  }

  #remember(key: string, eviction: Eviction | undefined): void {
    if (eviction === undefined) this.#evictions.delete(key)
    else this.#evictions.set(key, eviction)
  }

  async #evict(pod: Pod, signal: AbortSignal): Promise<void> {
    const { client, clock, log } = this.#context
    const key = keyOf(pod)
    try {
      const condition = disruptionTarget(pod, words, clock.now())
      if (condition !== undefined) await patchPodStatus(client, pod, { conditions: [condition] }, signal)
      await client.delete(refOf(pod), signal, { preconditions: { uid: pod.metadata.uid } })
      log.info('pod evicted from a tainted node', { pod: key, node: pod.spec.nodeName })
      this.#events.event(pod, 'Normal', eventReason, `Marking for deletion Pod ${key}`)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

function noExecuteTaints({ spec }: Node): Taint[] {
  return (spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
}

function overText({ sinceMs, dueMs }: Eviction): string {
  return `its toleration of ${formatDurationMs(dueMs - sinceMs)} is over`
}

function podReference(key: string, uid: string | undefined) {
  const [namespace, name] = key.split('/')
  return { apiVersion: 'v1', kind: 'Pod', namespace, name, uid }
}
