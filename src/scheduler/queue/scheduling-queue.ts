import { formatDurationMs } from '#apimachinery/duration/duration.ts'
import type { Clock, Due, Timer } from '#base/clock.ts'
import { PriorityHeap } from '#base/priority-heap.ts'
import { type Cause, currentCause } from '#client/cause.ts'
import type { ClusterChange, Plugin } from '../framework/framework.ts'
import type { PodInfo } from '../framework/pod-info.ts'

const backoffBaseMs = 1_000
const backoffMaxMs = 10_000
/** An unschedulable pod is tried again after this long even if nothing is known to have changed. */
const unschedulableMaxMs = 5 * 60_000

export interface QueuedPod {
  info: PodInfo
  attempts: number
  /** When it entered the queue, or failed last: its back-off begins there, and among equals the earlier one is first. */
  sinceMs: number
  /** Order of arrival. */
  sequence: number
  /** Why it is to be tried next. */
  cause: Cause | undefined
}

interface Waiting {
  pod: QueuedPod
  /** Plugins whose filter rejected a node. */
  rejectedBy: ReadonlySet<string>
  timer: Timer
}

/** Pods that need a node, in the order of their arrival. */
export interface SchedulingQueueState {
  pods: readonly {
    pod: Readonly<QueuedPod>
    /** It is ready when this is missing. */
    waits?: { due: Due /** Missing while it only backs off. */; rejectedBy?: ReadonlySet<string> }
  }[]
  sequence: number
}

/**
 * Pods that need a node: ready ones by priority, then age; ones that failed wait until something changes that may help them, and at
 * least for their back-off (1 s, doubling, at most 10 s), as kube-scheduler's queue.
 */
export class SchedulingQueue {
  readonly #clock: Clock
  readonly #plugins: readonly Plugin[]
  readonly #wake: () => void
  readonly #active = new PriorityHeap<QueuedPod>(isBefore)
  readonly #backingOff = new Map<string, { pod: QueuedPod; timer: Timer }>()
  readonly #unschedulable = new Map<string, Waiting>()
  readonly #known = new Map<string, QueuedPod>()
  #sequence = 0

  /** @param state of a queue that this one takes the place of */
  constructor(
    { clock, plugins, onReady }: { clock: Clock; plugins: readonly Plugin[]; onReady: () => void },
    state?: SchedulingQueueState,
  ) {
    this.#clock = clock
    this.#plugins = plugins
    this.#wake = onReady
    this.#sequence = state?.sequence ?? 0
    for (const { pod: original, waits } of state?.pods ?? []) {
      const pod = { ...original }
      this.#known.set(pod.info.uid, pod)
      if (waits === undefined) this.#active.push(pod)
      else if (waits.rejectedBy === undefined) this.#backOff(pod, callback => clock.at(waits.due, callback))
      else this.#wait(pod, waits.rejectedBy, callback => clock.at(waits.due, callback))
    }
  }

  /** A copy. */
  get state(): SchedulingQueueState {
    const pods = [...this.#known.values()].map(pod => {
      const { uid } = pod.info
      const waiting = this.#unschedulable.get(uid)
      const due = waiting?.timer.due ?? this.#backingOff.get(uid)?.timer.due
      return {
        pod: { ...pod },
        ...(due !== undefined && { waits: { due, ...(waiting !== undefined && { rejectedBy: waiting.rejectedBy }) } }),
      }
    })
    return { pods, sequence: this.#sequence }
  }

  /** Adds a pod, or takes its newer version; a change of an unschedulable pod's spec lets it out of waiting. */
  set(info: PodInfo): void {
    const known = this.#known.get(info.uid)
    if (known === undefined) {
      const pod = { info, attempts: 0, sinceMs: this.#clock.monotonicMs(), sequence: this.#sequence++, cause: currentCause() }
      this.#known.set(info.uid, pod)
      this.#activate(pod)
      return
    }
    const isSpecChanged = known.info.pod.metadata.generation !== info.pod.metadata.generation
    known.info = info
    const waiting = this.#unschedulable.get(info.uid)
    if (waiting === undefined || !isSpecChanged) return
    this.#stopWaiting(waiting)
    this.#release(known)
  }

  remove(uid: string): void {
    const pod = this.#known.get(uid)
    if (pod === undefined) return
    this.#known.delete(uid)
    this.#active.remove(pod)
    this.#backingOff.get(uid)?.timer.cancel()
    this.#backingOff.delete(uid)
    const waiting = this.#unschedulable.get(uid)
    if (waiting !== undefined) this.#stopWaiting(waiting)
  }

  /** The next pod to try; undefined when none is ready. It stays known until `remove`. */
  pop(): QueuedPod | undefined {
    const pod = this.#active.pop()
    if (pod !== undefined) pod.attempts += 1
    return pod
  }

  /** No node could take the pod. */
  park(pod: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    if (this.#known.get(pod.info.uid) !== pod) return
    pod.sinceMs = this.#clock.monotonicMs()
    this.#wait(pod, rejectedBy, callback => this.#clock.after(unschedulableMaxMs, callback))
  }

  /** The attempt failed for another reason than the nodes (a binding that could not be written): again after the back-off. */
  retryLater(pod: QueuedPod): void {
    if (this.#known.get(pod.info.uid) !== pod) return
    pod.sinceMs = this.#clock.monotonicMs()
    this.#release(pod)
  }

  /** Lets those pods out of waiting for which the change may make room. */
  moveOn(change: ClusterChange): void {
    for (const waiting of this.#unschedulable.values()) {
      const { pod, rejectedBy } = waiting
      const helps = rejectedBy.size === 0 || this.#plugins.some(plugin => rejectedBy.has(plugin.name) && plugin.wakesOn(change))
      if (!helps) continue
      this.#stopWaiting(waiting)
      this.#release(pod)
    }
  }

  close(): void {
    for (const { timer } of this.#backingOff.values()) timer.cancel()
    for (const { timer } of this.#unschedulable.values()) timer.cancel()
  }

  #stopWaiting(waiting: Waiting): void {
    waiting.timer.cancel()
    this.#unschedulable.delete(waiting.pod.info.uid)
  }

  /** Ready as soon as its back-off is over, which may be now. */
  #release(pod: QueuedPod): void {
    pod.cause = currentCause()
    const leftMs = pod.sinceMs + backoffMs(pod) - this.#clock.monotonicMs()
    if (leftMs <= 0) {
      this.#activate(pod)
      return
    }
    this.#backOff(pod, callback => this.#clock.after(leftMs, callback))
  }

  #wait(pod: QueuedPod, rejectedBy: ReadonlySet<string>, set: (callback: () => void) => Timer): void {
    const { uid } = pod.info
    const timer = set(() => {
      this.#unschedulable.delete(uid)
      pod.cause = { reason: `it was not tried for ${formatDurationMs(unschedulableMaxMs)}` }
      this.#activate(pod)
    })
    this.#unschedulable.set(uid, { pod, rejectedBy, timer })
  }

  #backOff(pod: QueuedPod, set: (callback: () => void) => Timer): void {
    const { uid } = pod.info
    const timer = set(() => {
      this.#backingOff.delete(uid)
      pod.cause = { ...pod.cause, reason: `its back-off of ${formatDurationMs(backoffMs(pod))} is over` }
      this.#activate(pod)
    })
    this.#backingOff.set(uid, { pod, timer })
  }

  #activate(pod: QueuedPod): void {
    this.#active.push(pod)
    this.#wake()
  }
}

function backoffMs({ attempts }: QueuedPod): number {
  return Math.min(backoffBaseMs * 2 ** Math.max(attempts - 1, 0), backoffMaxMs)
}

function isBefore(left: QueuedPod, right: QueuedPod): boolean {
  const difference = (left.info.pod.spec.priority ?? 0) - (right.info.pod.spec.priority ?? 0)
  if (difference !== 0) return difference > 0
  return left.sinceMs === right.sinceMs ? left.sequence < right.sequence : left.sinceMs < right.sinceMs
}
