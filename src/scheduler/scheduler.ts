import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { findCondition, isPodTerminal, observedGenerationOf } from '#api/core/v1/pod-conditions.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { isConflict, isNotFound } from '#apimachinery/status/status.ts'
import type { Clock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import { because } from '#client/cause.ts'
import type { EventRecorder } from '#client/events/event-recorder.ts'
import { type InformerEvent, waitForSync } from '#client/informer.ts'
import type { InformerFactory } from '#client/informer-factory.ts'
import { refOf } from '#client/rest-client.ts'
import { type CacheState, SchedulerCache } from './cache/cache.ts'
import { fitErrorMessage } from './framework/fit-error.ts'
import type { Plugin } from './framework/framework.ts'
import { podInfoOf } from './framework/pod-info.ts'
import { nodeChangeOf } from './node-change.ts'
import { defaultPlugins } from './plugins/registry.ts'
import { type QueuedPod, SchedulingQueue, type SchedulingQueueState } from './queue/scheduling-queue.ts'
import { schedulePod } from './schedule-pod.ts'
import { unsupportedConstraints } from './unsupported-constraints.ts'

export const defaultSchedulerName = 'default-scheduler'

/** Bindings and reports of failures under way at a time; more pods wait in the queue. */
const writesMax = 128
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

/** What the scheduler knows beyond the API. */
export interface SchedulerState {
  cache: CacheState
  queue: SchedulingQueueState
  /** The node that the next decision begins with. */
  start: number
}

/** Gives every pod that asks for `default-scheduler` a node: decides in memory, assumes the outcome, and writes the binding beside. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #plugins: readonly Plugin[]
  readonly #isResumed: boolean
  readonly #cache: SchedulerCache
  readonly #queue: SchedulingQueue
  #start: number
  #writes = 0
  #wake: () => void = () => {}

  /** @param state of a scheduler that this one takes the place of: it then knows what the informers hold */
  constructor(options: SchedulerOptions, state?: SchedulerState) {
    this.#options = options
    this.#isResumed = state !== undefined
    this.#cache = new SchedulerCache(state?.cache)
    this.#start = state?.start ?? 0
    this.#plugins = options.plugins ?? defaultPlugins
    this.#queue = new SchedulingQueue({ clock: options.clock, plugins: this.#plugins, onReady: () => this.#wake() }, state?.queue)
  }

  /** A copy. Writes under way are not in it. */
  get state(): SchedulerState {
    return { cache: this.#cache.state, queue: this.#queue.state, start: this.#start }
  }

  /** Schedules until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { informers, clock } = this.#options
    const nodes = informers.of<Node>({ apiVersion: 'v1', kind: 'Node' })
    const pods = informers.of<Pod>({ apiVersion: 'v1', kind: 'Pod' })
    await waitForSync([nodes, pods], signal)
    using _nodeEvents = nodes.onChange(event => this.#onNode(event), { isKnown: this.#isResumed })
    using _podEvents = pods.onChange(event => this.#onPod(event), { isKnown: this.#isResumed })
    await using writes = new Group(signal)
    while (!writes.signal.aborted) {
      const turnEnd = clock.monotonicMs() + turnMs
      let pod: QueuedPod | undefined
      while (this.#writes < writesMax && (pod = this.#queue.pop()) !== undefined) {
        this.#schedule(pod, writes)
        if (clock.monotonicMs() > turnEnd) break
      }
      if (pod !== undefined) await new Promise(resolve => setImmediate(resolve))
      else await this.#ready(writes.signal)
    }
    this.#queue.close()
    await writes.wait()
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

  #schedule(pod: QueuedPod, writes: Group): void {
    const result = schedulePod(pod.info, {
      nodes: this.#cache.nodes,
      plugins: this.#plugins,
      random: this.#options.random,
      start: this.#start,
    })
    if (result.placed) {
      this.#start = result.nextStart
      const { node } = result.placement
      this.#cache.assumePod(pod.info, node.name)
      this.#write(writes, pod, signal => this.#bind(pod, node.name, signal))
    } else {
      this.#queue.park(pod, new Set(result.diagnosis.rejections.map(({ plugin }) => plugin)))
      this.#write(writes, pod, signal => this.#reportFailure(pod, 'Unschedulable', fitErrorMessage(result.diagnosis), signal))
    }
  }

  #write(writes: Group, { cause }: QueuedPod, task: (signal: AbortSignal) => Promise<void>): void {
    this.#writes += 1
    writes.spawn(async signal => {
      try {
        await because(cause, () => task(signal))
      } finally {
        this.#writes -= 1
        this.#wake()
      }
    })
  }

  async #bind(pod: QueuedPod, nodeName: string, signal: AbortSignal): Promise<void> {
    const { client, events, log } = this.#options
    const object = pod.info.pod
    const { name, namespace, uid } = object.metadata
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    }
    try {
      await client.createSubresource(refOf(object), 'binding', binding, signal)
      events.event(object, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`)
      const ignored = unsupportedConstraints(object.spec)
      if (ignored.length > 0) {
        events.event(object, 'Warning', 'UnsupportedConstraint', `Placed without regard to ${ignored.join(', ')}: not supported yet`)
      }
    } catch (error) {
      if (signal.aborted) throw error
      if (this.#cache.forgetPod(pod.info.uid)) this.#queue.moveOn({ type: 'pod-removed', pod: object })
      // Should the watch tell that it is gone, or bound by somebody else, it leaves the queue by that.
      this.#queue.retryLater(pod)
      if (isNotFound(error) || isConflict(error)) return
      log.warn('cannot bind the pod', { pod: pod.info.key, node: nodeName, error })
      const message = `binding rejected: running Bind plugin "DefaultBinder": ${(error as Error).message}`
      await this.#reportFailure(pod, 'SchedulerError', message, signal)
    }
  }

  async #reportFailure(pod: QueuedPod, reason: string, message: string, signal: AbortSignal): Promise<void> {
    const { client, events, clock, log } = this.#options
    const { pod: object, key } = pod.info
    events.event(object, 'Warning', 'FailedScheduling', message)
    const before = findCondition(object.status?.conditions, 'PodScheduled')
    if (before?.status === 'False' && before.reason === reason && before.message === message) return
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      observedGeneration: observedGenerationOf(object),
      lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : formatTime(clock.now()),
    }
    const body = { metadata: { uid: object.metadata.uid }, status: { conditions: [condition] } }
    try {
      await client.patch(refOf(object), { type: 'strategic', body }, signal, { subresource: 'status' })
    } catch (error) {
      if (signal.aborted) throw error
      if (!isNotFound(error) && !isConflict(error)) log.warn('cannot report that the pod is unschedulable', { pod: key, error })
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
      if (this.#cache.removePod(uid)) this.#queue.moveOn({ type: 'pod-removed', pod: object })
    } else if (isBound) {
      this.#queue.remove(uid)
      if (this.#cache.setBoundPod(object)) this.#queue.moveOn({ type: 'pod-removed', pod: object })
    } else if (object.metadata.deletionTimestamp !== undefined || (object.spec.schedulingGates?.length ?? 0) > 0) {
      this.#queue.remove(uid)
    } else if ((object.spec.schedulerName ?? defaultSchedulerName) === defaultSchedulerName) {
      this.#queue.set(podInfoOf(object))
    }
  }
}
