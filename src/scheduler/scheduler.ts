import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { isPodTerminal } from '#api/core/v1/pod-conditions.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { isConflict, isNotFound } from '#apimachinery/status/status.ts'
import type { Clock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import type { EventRecorder } from '#client/events/event-recorder.ts'
import { type InformerEvent, waitForSync } from '#client/informer.ts'
import type { InformerFactory } from '#client/informer-factory.ts'
import { SchedulerCache } from './cache/cache.ts'
import { type Diagnosis, fitErrorMessage } from './framework/fit-error.ts'
import type { Plugin } from './framework/framework.ts'
import type { NodeInfo } from './framework/node-info.ts'
import { podInfoOf } from './framework/pod-info.ts'
import { nodeChangeOf } from './node-change.ts'
import { defaultPlugins } from './plugins/registry.ts'
import { type QueuedPod, SchedulingQueue } from './queue/scheduling-queue.ts'
import { schedulePod } from './schedule-pod.ts'

export const defaultSchedulerName = 'default-scheduler'

/** Bindings under way at a time; more pods wait in the queue. */
const bindingsMax = 128
/** How long decisions may follow one another before other work of the process gets a turn. */
const turnMs = 5

export interface SchedulerOptions {
  client: Client
  informers: InformerFactory
  events: EventRecorder
  clock: Clock
  random: Random
  log: Logger
  plugins?: readonly Plugin[]
}

/** Gives every pod that asks for `default-scheduler` a node: decides in memory, assumes the outcome, and writes the binding beside. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #plugins: readonly Plugin[]
  readonly #cache = new SchedulerCache()
  readonly #queue: SchedulingQueue
  #start = 0
  #bindings = 0
  #wake: () => void = () => {}

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#plugins = options.plugins ?? defaultPlugins
    this.#queue = new SchedulingQueue({ clock: options.clock, plugins: this.#plugins, onReady: () => this.#wake() })
  }

  /** Schedules until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { informers, clock } = this.#options
    const nodes = informers.of<Node>({ apiVersion: 'v1', kind: 'Node' })
    const pods = informers.of<Pod>({ apiVersion: 'v1', kind: 'Pod' })
    await waitForSync([nodes, pods], signal)
    using _nodeEvents = nodes.onChange(event => this.#onNode(event))
    using _podEvents = pods.onChange(event => this.#onPod(event))
    await using bindings = new Group(signal)
    while (!signal.aborted) {
      const turnEnd = clock.monotonicMs() + turnMs
      let pod: QueuedPod | undefined
      while (this.#bindings < bindingsMax && (pod = this.#queue.pop()) !== undefined) {
        this.#schedule(pod, bindings)
        if (clock.monotonicMs() > turnEnd) break
      }
      if (pod !== undefined) await new Promise(resolve => setImmediate(resolve))
      else await this.#ready(signal)
    }
    this.#queue.close()
  }

  #ready(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        signal.removeEventListener('abort', wake)
        this.#wake = () => {}
        resolve()
      }
      this.#wake = wake
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  #schedule(pod: QueuedPod, bindings: Group): void {
    const result = schedulePod(pod.info, {
      nodes: this.#cache.nodes,
      plugins: this.#plugins,
      random: this.#options.random,
      start: this.#start,
    })
    if (!result.placed) {
      this.#queue.park(pod, new Set(result.diagnosis.rejections.map(({ plugin }) => plugin)))
      bindings.spawn(signal => this.#reportFailure(pod, result.diagnosis, signal))
      return
    }
    this.#start = result.nextStart
    const { node } = result.placement
    this.#cache.placePod(pod.info, node.name)
    this.#bindings += 1
    bindings.spawn(async signal => {
      try {
        await this.#bind(pod, node, signal)
      } finally {
        this.#bindings -= 1
        this.#wake()
      }
    })
  }

  async #bind(pod: QueuedPod, node: NodeInfo, signal: AbortSignal): Promise<void> {
    const { client, events, log } = this.#options
    const { name, namespace, uid } = pod.info.pod.metadata
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: node.name },
    }
    try {
      await client.createSubresource({ apiVersion: 'v1', kind: 'Pod', namespace, name }, 'binding', binding, signal)
      events.event(pod.info.pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node.name}`)
    } catch (error) {
      if (signal.aborted) throw error
      this.#cache.removePod(pod.info.uid)
      // Deleted, or bound by somebody else, meanwhile: the watch tells which.
      if (isNotFound(error) || isConflict(error)) return
      log.warn('cannot bind the pod', { pod: pod.info.key, node: node.name, error })
      events.event(pod.info.pod, 'Warning', 'FailedScheduling', `Binding rejected: ${(error as Error).message}`)
      this.#queue.retryLater(pod)
    }
  }

  async #reportFailure(pod: QueuedPod, diagnosis: Diagnosis, signal: AbortSignal): Promise<void> {
    const { client, events, clock, log } = this.#options
    const message = fitErrorMessage(diagnosis)
    const { pod: object, key } = pod.info
    events.event(object, 'Warning', 'FailedScheduling', message)
    const before = object.status?.conditions?.find(({ type }) => type === 'PodScheduled')
    if (before?.status === 'False' && before.message === message) return
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      observedGeneration: object.metadata.generation,
      lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : formatTime(clock.now()),
    }
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace: object.metadata.namespace, name: object.metadata.name }
    try {
      await client.patch(ref, { type: 'strategic', body: { status: { conditions: [condition] } } }, signal, { subresource: 'status' })
    } catch (error) {
      if (signal.aborted) throw error
      if (!isNotFound(error)) log.warn('cannot report that the pod is unschedulable', { pod: key, error })
    }
  }

  #onNode(event: InformerEvent<Node>): void {
    const { type, object } = event
    if (type === 'delete') {
      this.#cache.removeNode(object.metadata.name)
      return
    }
    this.#cache.setNode(object)
    const change = type === 'add' ? ({ type: 'node-added' } as const) : nodeChangeOf(event.old, object)
    if (change !== undefined) this.#queue.moveOn(change)
  }

  #onPod({ type, object }: InformerEvent<Pod>): void {
    const uid = object.metadata.uid ?? ''
    const isBound = (object.spec.nodeName ?? '') !== ''
    if (type === 'delete' || isPodTerminal(object)) {
      this.#queue.remove(uid)
      this.#cache.removePod(uid)
      if (isBound) this.#queue.moveOn({ type: 'pod-removed', pod: object })
    } else if (isBound) {
      this.#queue.remove(uid)
      this.#cache.setBoundPod(object)
    } else if (object.metadata.deletionTimestamp !== undefined || (object.spec.schedulingGates?.length ?? 0) > 0) {
      this.#queue.remove(uid)
    } else if ((object.spec.schedulerName ?? defaultSchedulerName) === defaultSchedulerName) {
      this.#queue.set(podInfoOf(object))
    }
  }
}
