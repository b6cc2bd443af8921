import { parseTime } from '#apimachinery/meta/v1/time.ts'
import { isTerminalPhase } from '#api/core/v1/pod-conditions.ts'
import { podQOS } from '#api/core/v1/qos.ts'
import type { Pod, PodStatus } from '#api/core/v1/types.gen.ts'
import type { Due, Timer } from '#base/clock.ts'
import { sameJSON } from '#base/same-json.ts'
import { shared } from '#base/shared-text.ts'
import { SmallMap } from '#base/small-map.ts'
import { because, type Cause, currentCause, withReason } from '#client/cause.ts'
import { type EventRecorder, type EventType, referenceTo } from '#client/events/event-recorder.ts'
import { bytes } from '../container/resources.ts'
import { limits } from '../limits.ts'
import type { ObservedPod } from '../runtime/observed.ts'
import type { RuntimeChange } from '../runtime/runtime-state.ts'
import { limitedVolumes } from '../volumes/limited-volumes.ts'
import { type BackOff, formatDuration, nextBackOff, recalledBackOff, stepRetryLimits, volumeRetryLimits } from './backoff.ts'
import { execute } from './execute.ts'
import { copyMemory, emptyMemory, noEntries, noNames, type PodMemory, type TerminationCause, withEntry } from './memory.ts'
import { graceOf, planPod } from './plan.ts'
import type { Plan } from './plan-draft.ts'
import { podStatusOf } from './status.ts'
import { keyOfStep, type Step } from './step.ts'
import type { NodeServices, StepContext } from './step-context.ts'
import { formatPod } from './waiting.ts'
import { earliest, type WakeTime } from './wake-time.ts'

export interface PodWorkerOptions {
  node: NodeServices
  events: EventRecorder
  signal: AbortSignal
  /** After each look at the pod: what runs now. */
  onSync: (worker: PodWorker) => void
  /** Nothing of the pod is left. */
  onDone: (worker: PodWorker) => void
}

interface Verdict {
  reason: string
  message: string
}

/** A step that failed lately. */
interface Retry {
  readonly backOff: BackOff
  readonly atMs: number
}

/** What a worker knows beyond the API object and the runtime. */
export interface PodWorkerState {
  pod: Pod
  memory: PodMemory
  /** Steps under way. */
  steps: readonly Step[]
  retries: SmallMap<string, Retry>
  reportedBackOffs: SmallMap<string, number>
  verdict: Verdict | undefined
  due: Due | undefined
  wakeReason: string
  /** When volumes are measured next. */
  volumeDue: Due | undefined
}

/** Nothing is to be done before something happens. */
export function isAtRest({ steps, due, volumeDue }: PodWorkerState): boolean {
  return steps.length === 0 && due === undefined && volumeDue === undefined
}

/**
 * Brings one pod to what its API object asks for and keeps its status true. Every wake leads to one synchronous look at everything, which
 * starts what is missing; what runs already is not started twice.
 */
export class PodWorker implements StepContext {
  readonly memory: PodMemory
  readonly #options: PodWorkerOptions
  readonly #retries: SmallMap<string, Retry>
  /** Under way, by key, each with what it was begun for. */
  readonly #steps = new SmallMap<string, { step: Step; cause: Cause | undefined }>()
  /** By container: the back-off that was told of last. */
  readonly #reportedBackOffs: SmallMap<string, number>
  #pod: Pod
  #verdict: Verdict | undefined
  #timer: Timer | undefined
  /** What will be the case when the timer fires. */
  #wakeReason = ''
  #volumeTimer: Timer | undefined
  #isWoken = false
  /** What it was woken for. */
  #cause: Cause | undefined
  #isDone = false

  /** @param state of a worker that this one takes the place of: call `resume` */
  constructor(pod: Pod, options: PodWorkerOptions, state?: PodWorkerState) {
    this.#pod = pod
    this.#options = options
    this.memory = state === undefined ? emptyMemory() : copyMemory(state.memory)
    this.#retries = new SmallMap(state?.retries)
    this.#reportedBackOffs = new SmallMap(state?.reportedBackOffs)
    this.#verdict = state?.verdict
    if (state !== undefined) return
    this.#recall()
    this.#notice()
  }

  /** A copy. */
  get state(): PodWorkerState {
    return {
      pod: this.#pod,
      memory: copyMemory(this.memory),
      steps: [...this.#steps.values()].map(({ step }) => step),
      retries: new SmallMap(this.#retries),
      reportedBackOffs: new SmallMap(this.#reportedBackOffs),
      verdict: this.#verdict,
      due: this.#timer?.due,
      wakeReason: this.#wakeReason,
      volumeDue: this.#volumeTimer?.due,
    }
  }

  /**
   * Goes on where another worker was. A container that is being stopped still is; other steps under way are lost, as when a kubelet ends, and
   * planned again.
   */
  resume({ steps, due, wakeReason, volumeDue }: PodWorkerState): void {
    if (volumeDue !== undefined) this.#measureVolumes(callback => this.node.clock.at(volumeDue, callback))
    this.memory.inFlight = noNames
    for (const step of steps) if (step.action === 'killContainer') this.#execute(step, keyOfStep(step))
    if (this.memory.inFlight.length < steps.length) this.wake()
    else if (due !== undefined) this.#setTimer(wakeReason, callback => this.node.clock.at(due, callback))
  }

  get node(): NodeServices {
    return this.#options.node
  }

  get pod(): Pod {
    return this.#pod
  }

  get uid(): string {
    return this.#pod.metadata.uid ?? ''
  }

  get observed(): ObservedPod {
    const { name, namespace = '' } = this.#pod.metadata
    return this.node.runtimeState.get(this.uid) ?? { uid: this.uid, name, namespace, sandboxes: [], containers: [] }
  }

  /** A newer version of the API object. */
  update(pod: Pod): void {
    const old = this.#pod
    this.#pod = pod
    this.#notice()
    const reported = this.node.statuses.get(this.uid)
    // Mostly it says what we have reported. If it does not, what we have reported still is true.
    if (reported !== undefined && !this.memory.removed && looksTheSame(old, pod)) this.#publish(reported)
    else this.wake()
  }

  /** The API object is gone: whatever still runs has to stop. */
  remove(): void {
    this.memory.removed = true
    const { deletionGracePeriodSeconds } = this.#pod.metadata
    this.#terminate('Deleted', deletionGracePeriodSeconds ?? graceOf(this.#pod))
    this.wake()
  }

  /** A ConfigMap or Secret that the pod refers to appeared or changed: what waits for it is tried again at once. */
  objectChanged(): void {
    if (this.memory.termination !== undefined) return
    if (this.memory.volumesMounted && Object.keys(this.memory.startRetryAtMs).length === 0) return
    this.memory.startRetryAtMs = noEntries
    this.#retries.clear()
    this.wake()
  }

  /** What runs of the pod changed. What a step of ours has brought about is the answer to that for which the step was begun. */
  runtimeChanged(change: RuntimeChange | undefined): void {
    if (change === undefined) return this.wake()
    const { container, containerID, what } = change
    const step = this.memory.inFlight.find(key => key === `startContainer:${container}` || key.startsWith(`killContainer:${containerID}:`))
    this.wake(withReason(currentCause() ?? this.#steps.get(step ?? '')?.cause, what))
    // At once: a program that starts and ends shall be seen to run.
    queueMicrotask(() => this.#lookIfWoken())
  }

  /** The node will not run the pod. */
  reject(verdict: Verdict): void {
    this.#verdict = { reason: verdict.reason, message: `Pod was rejected: ${verdict.message}` }
    this.report('Warning', verdict.reason, verdict.message)
    this.#terminate('Rejected', 0)
  }

  report(type: EventType, reason: string, message: string, container?: string): void {
    const fieldPath = container === undefined ? undefined : shared(`spec.${containerListOf(this.#pod, container)}{${container}}`)
    this.#options.events.event(referenceTo(this.#pod, fieldPath), type, reason, message)
  }

  /**
   * Looks at the pod when all that was answered by now is known: what steps bring about and their ends mostly are one look. Of the causes of
   * many wakes the newest that says something counts.
   */
  wake(cause = currentCause()): void {
    if (this.#isDone) return
    if (!this.#isWoken || cause?.reason !== undefined) this.#cause = cause
    if (this.#isWoken) return
    this.#isWoken = true
    process.nextTick(() => this.#lookIfWoken())
  }

  #lookIfWoken(): void {
    if (!this.#isWoken) return
    this.#isWoken = false
    const cause = this.#cause
    this.#cause = undefined
    if (!this.#options.signal.aborted && !this.#isDone) because(cause, () => this.#sync())
  }

  stop(): void {
    this.#isDone = true
    this.#timer?.cancel()
    this.#volumeTimer?.cancel()
  }

  /** Containers that were in a crash loop when we were stopped stay in it: our restart restarts nothing. */
  #recall(): void {
    const { memory } = this
    for (const { name, restartCount, startedAtMs, createdAtMs } of this.observed.containers) {
      const backOff = recalledBackOff(restartCount, Math.max(startedAtMs, createdAtMs))
      if (backOff !== undefined && memory.crashes[name] === undefined) memory.crashes = withEntry(memory.crashes, name, backOff)
    }
  }

  /** Learns from the API object that the pod has to end. */
  #notice(): void {
    const { deletionTimestamp, deletionGracePeriodSeconds } = this.#pod.metadata
    if (deletionTimestamp !== undefined) this.#terminate('Deleted', deletionGracePeriodSeconds ?? graceOf(this.#pod))
    else if (isTerminalPhase(this.#pod.status?.phase)) this.#terminate('Completed', graceOf(this.#pod))
  }

  #terminate(cause: TerminationCause, gracePeriodSeconds: number): void {
    const { memory, node } = this
    if (memory.termination === undefined) memory.termination = { cause, gracePeriodSeconds, sinceMs: node.clock.now() }
    else if (gracePeriodSeconds < memory.termination.gracePeriodSeconds) memory.termination = { ...memory.termination, gracePeriodSeconds }
  }

  #sync(): void {
    const { memory, observed, node } = this
    const nowMs = node.clock.now()
    this.#checkDeadline(nowMs)
    this.#watchVolumes()
    // The phase decides whether the pod has ended, and the status must show what was decided: first one, then the other.
    const mayHaveEnded = this.#verdict !== undefined || observed.containers.some(({ state }) => state === 'exited')
    if (memory.termination === undefined && mayHaveEnded && isTerminalPhase(this.#statusAt(nowMs).phase)) this.#terminate('Completed', 0)
    const plan = planPod({ pod: this.#pod, observed, memory, shown: this.#previousStatus(), nowMs })
    if (plan.done) {
      this.stop()
      node.statuses.forget(this.uid)
      this.#options.onDone(this)
      return
    }
    const wakeTimes = [plan.wake, this.#reportBackOffs(plan, nowMs), this.#deadline()]
    for (const step of plan.steps) wakeTimes.push(this.#begin(step, nowMs))
    this.#options.onSync(this)
    if (!memory.removed) this.#publish(this.#statusAt(nowMs))
    this.#wakeAt(earliest(wakeTimes), nowMs)
  }

  #publish(status: PodStatus): void {
    const { inFlight, termination } = this.memory
    const isStarting = inFlight.some(key => key !== 'mountVolumes' && !key.startsWith('killContainer:'))
    this.node.statuses.set(this.#pod, status, status.phase === 'Pending' && isStarting && termination === undefined)
  }

  #statusAt(nowMs: number): PodStatus {
    const { memory, observed, node } = this
    const previous = this.#previousStatus()
    return podStatusOf({
      pod: this.#pod,
      observed,
      memory,
      nowMs,
      runtimeName: node.runtimeName(),
      previous,
      hostIPs: node.hostIPs,
      qosClass: previous.qosClass ?? podQOS(this.#pod),
      verdict: this.#verdict,
    })
  }

  /** What we reported last. That a pod has ended is final, also when others tell so while we cannot be reached. */
  #previousStatus(): PodStatus {
    const stored = this.#pod.status ?? {}
    const reported = this.node.statuses.get(this.uid) ?? stored
    if (!isTerminalPhase(stored.phase) || isTerminalPhase(reported.phase)) return reported
    const { phase, reason, message } = stored
    return { ...reported, phase, ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) }
  }

  /** Starts a step unless it runs already. @returns when to try it again, if it failed lately */
  #begin(step: Step, nowMs: number): WakeTime | undefined {
    const key = keyOfStep(step)
    if (this.#steps.has(key)) return undefined
    const retry = this.#retries.get(key)
    if (retry !== undefined && retry.atMs > nowMs) return { atMs: retry.atMs, reason: `step ${step.action} is tried again` }
    this.#execute(step, key)
    return undefined
  }

  #execute(step: Step, key: string): void {
    this.#steps.set(key, { step, cause: currentCause() })
    this.memory.inFlight = this.memory.inFlight.concat(key)
    const { signal } = this.#options
    execute(step, this, signal).then(
      () => {
        this.#retries.delete(key)
        this.#finish(key)
      },
      error => {
        if (!signal.aborted) this.#retryLater(step, key, error)
        this.#finish(key)
      },
    )
  }

  #retryLater({ action }: Step, key: string, error: unknown): void {
    const { clock, log } = this.node
    const nowMs = clock.now()
    const retryLimits = action === 'mountVolumes' ? volumeRetryLimits : stepRetryLimits
    const backOff = nextBackOff(this.#retries.get(key)?.backOff, { failedAtMs: nowMs, nowMs }, retryLimits)
    this.#retries.set(key, { backOff, atMs: nowMs + backOff.delayMs })
    log.warn('pod step failed', { pod: formatPod(this.#pod), step: key, error })
  }

  #finish(key: string): void {
    this.#steps.delete(key)
    this.memory.inFlight = this.#steps.size === 0 ? noNames : this.memory.inFlight.filter(other => other !== key)
    this.wake()
  }

  /** Tells once of each back-off that begins. @returns when the next status change because of one is due */
  #reportBackOffs(plan: Plan, nowMs: number): WakeTime | undefined {
    const times: WakeTime[] = []
    for (const { container, untilMs, delayMs, failedAtMs } of plan.backingOff) {
      const shownAtMs = failedAtMs + limits.failureShownMs
      if (shownAtMs > nowMs) times.push({ atMs: shownAtMs, reason: `container ${container} waits for the end of its back-off` })
      else if (this.#isNews(`crash:${container}`, untilMs)) {
        const pod = formatPod(this.#pod)
        const message = `back-off ${formatDuration(delayMs)} restarting failed container=${container} pod=${pod}`
        this.memory.waiting = withEntry(this.memory.waiting, container, { reason: 'CrashLoopBackOff', message })
        this.report('Warning', 'BackOff', `Back-off restarting failed container ${container} in pod ${pod}`, container)
      }
    }
    for (const container in this.memory.images) {
      const { failure } = this.memory.images[container]!
      if (failure?.reason !== 'ErrImagePull' || this.memory.termination !== undefined) continue
      const shownAtMs = failure.atMs + limits.failureShownMs
      if (shownAtMs > nowMs) times.push({ atMs: shownAtMs, reason: `pulling image ${failure.image} waits for the end of its back-off` })
      else if (this.#isNews(`image:${container}`, failure.atMs)) {
        this.report('Normal', 'BackOff', `Back-off pulling image "${failure.image}"`, container)
        this.report('Warning', 'Failed', 'Error: ImagePullBackOff', container)
      }
    }
    return earliest(times)
  }

  #isNews(key: string, atMs: number): boolean {
    if (this.#reportedBackOffs.get(key) === atMs) return false
    this.#reportedBackOffs.set(key, atMs)
    return true
  }

  #deadline(): WakeTime | undefined {
    const { activeDeadlineSeconds } = this.#pod.spec
    if (activeDeadlineSeconds === undefined || this.memory.termination !== undefined) return undefined
    const startMs = parseTime(this.node.statuses.get(this.uid)?.startTime ?? this.#pod.status?.startTime)
    if (startMs === undefined) return undefined
    return { atMs: startMs + activeDeadlineSeconds * 1000, reason: 'its active deadline is over' }
  }

  #checkDeadline(nowMs: number): void {
    const deadline = this.#deadline()
    if (deadline === undefined || deadline.atMs > nowMs) return
    const message = 'Pod was active on the node longer than the specified deadline'
    this.#verdict = { reason: 'DeadlineExceeded', message }
    this.report('Normal', 'DeadlineExceeded', message)
    this.#terminate('DeadlineExceeded', graceOf(this.#pod))
  }

  /** Volumes with a limit are measured again and again, as long as the pod is to run. */
  #watchVolumes(): void {
    if (this.#volumeTimer !== undefined || !this.memory.volumesMounted || limitedVolumes(this.#pod).length === 0) return
    this.#measureVolumes(callback => this.node.clock.after(limits.volumeCheckMs, callback))
  }

  #measureVolumes(set: (callback: () => void) => Timer): void {
    this.#volumeTimer = set(() => {
      this.#volumeTimer = undefined
      this.#checkVolumes()
        .catch(error => this.node.log.warn('volumes cannot be measured', { pod: formatPod(this.#pod), error }))
        .finally(() => {
          if (!this.#isDone && this.memory.termination === undefined) this.#watchVolumes()
        })
    })
  }

  async #checkVolumes(): Promise<void> {
    for (const { name, sizeLimit } of limitedVolumes(this.#pod)) {
      const path = this.node.volumes.hostPath(this.uid, name)
      const used = path === undefined ? 0 : await this.node.files.usedBytes(path)
      if (this.memory.termination !== undefined) return
      if (used > bytes(sizeLimit)) return this.#evict(`Usage of EmptyDir volume "${name}" exceeds the limit "${sizeLimit}". `)
    }
  }

  #evict(message: string): void {
    this.#verdict = { reason: 'Evicted', message }
    this.report('Warning', 'Evicted', message)
    this.#terminate('Evicted', limits.evictionGraceSeconds)
    this.wake({ reason: 'a volume holds more than it may' })
  }

  #wakeAt(time: WakeTime | undefined, nowMs: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (time !== undefined) this.#setTimer(time.reason, callback => this.node.clock.after(Math.max(0, time.atMs - nowMs), callback))
  }

  #setTimer(reason: string, set: (callback: () => void) => Timer): void {
    this.#wakeReason = reason
    this.#timer = set(() => {
      this.#timer = undefined
      this.wake({ reason })
    })
  }
}

/** Whether two versions of a pod that runs differ at most in what no look at it reads: a step under way or to come sees the newer one. */
function looksTheSame(old: Pod, pod: Pod): boolean {
  const { generation, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  return (
    !isTerminalPhase(pod.status?.phase) &&
    (pod.spec.readinessGates ?? []).length === 0 &&
    old.metadata.generation === generation &&
    old.metadata.deletionTimestamp === deletionTimestamp &&
    old.metadata.deletionGracePeriodSeconds === deletionGracePeriodSeconds &&
    sameJSON(old.spec, pod.spec)
  )
}

/** The field of the spec that holds the container; a container whose spec is lost counts as an ordinary one. */
function containerListOf({ spec }: Pod, container: string): 'containers' | 'initContainers' | 'ephemeralContainers' {
  if (spec.initContainers?.some(({ name }) => name === container)) return 'initContainers'
  return spec.ephemeralContainers?.some(({ name }) => name === container) ? 'ephemeralContainers' : 'containers'
}
