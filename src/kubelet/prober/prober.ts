import type { Container, Pod, Probe } from '#api/core/v1/types.gen.ts'
import type { Clock, Due, Timer } from '#base/clock.ts'
import { SmallMap } from '#base/small-map.ts'
import { isSidecar } from '#api/core/v1/containers.ts'
import type { PodWorker } from '../pod/pod-worker.ts'
import { runsPostStart } from '../pod/post-start.ts'
import { type ProbeMemory, withEntry, withoutEntry } from '../pod/memory.ts'
import type { ObservedContainer, ObservedPod } from '../runtime/observed.ts'
import { type ProbeResult, type ProbeTarget, runProbe } from './probe.ts'

type ProbeType = 'startup' | 'liveness' | 'readiness'

const titles: Record<ProbeType, string> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' }

/** A probe that goes on. */
interface ProbeLoopState {
  container: Container
  running: ObservedContainer
  type: ProbeType
  probe: Probe
  last: boolean | undefined
  inARow: number
  /** It has said its last word. */
  isStopped: boolean
  /** Of the next probe; undefined: now. */
  due: Due | undefined
}

/** The probes of each pod, by UID. */
export type ProberState = ReadonlyMap<string, ReadonlyMap<string, ProbeLoopState>>

/** Probes the running containers of the node's pods; what they say goes into the memory of the pod's worker. */
export class Prober {
  readonly #loops = new SmallMap<string, ProbeLoop>()
  readonly #keysByPod = new SmallMap<string, Set<string>>()
  readonly #deadlines = new Deadlines()
  readonly #signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', () => this.#stopAll(), { once: true })
  }

  /** A copy. */
  get state(): ProberState {
    const loopsOf = (keys: Iterable<string>) => new Map([...keys].map(key => [key, this.#loops.get(key)!.state] as const))
    return new Map([...this.#keysByPod].map(([uid, keys]) => [uid, loopsOf(keys)]))
  }

  /** Goes on with the probes of a pod. */
  resume(worker: PodWorker, loops: ReadonlyMap<string, ProbeLoopState>): void {
    for (const [key, state] of loops) this.#loops.set(key, new ProbeLoop(worker, state, this.#deadlines, this.#signal))
    this.#keysByPod.set(worker.uid, new Set(loops.keys()))
  }

  /** Begins and ends probes so that they fit what runs now. */
  update(worker: PodWorker): void {
    const { pod, observed, memory } = worker
    const probed = probedContainers(pod)
    // Most pods have no probe, and are looked at all the same.
    if (probed.length === 0) return
    const wanted = new Set<string>()
    for (const container of probed) {
      const probes = { startup: container.startupProbe, liveness: container.livenessProbe, readiness: container.readinessProbe }
      const running = observed.containers.find(({ name, state }) => name === container.name && state === 'running')
      if (running === undefined || runsPostStart(container, running, memory)) continue
      let state = memory.probes[running.id]
      if (state === undefined) {
        state = { started: container.startupProbe === undefined, ready: container.readinessProbe === undefined }
        memory.probes = withEntry(memory.probes, running.id, state)
      }
      for (const [type, probe] of Object.entries(probes) as [ProbeType, Probe | undefined][]) {
        // Who must end is not asked whether it lives, but still whether it may get traffic.
        if (probe === undefined || (memory.termination !== undefined && type !== 'readiness')) continue
        if (type === 'startup' ? state.started : !state.started) continue
        const key = `${running.id}/${type}`
        wanted.add(key)
        const loop = this.#loops.get(key)
        if (loop !== undefined) {
          loop.look(observed)
          continue
        }
        const begun = { container, running, type, probe, last: undefined, inARow: 0, isStopped: false, due: undefined }
        this.#loops.set(key, new ProbeLoop(worker, begun, this.#deadlines, this.#signal))
      }
    }
    for (const key of this.#keysByPod.get(worker.uid) ?? []) if (!wanted.has(key)) this.#stop(key)
    if (wanted.size === 0) this.#keysByPod.delete(worker.uid)
    else this.#keysByPod.set(worker.uid, wanted)
    const runs = new Set(observed.containers.map(({ id }) => id))
    for (const id of Object.keys(memory.probes)) if (!runs.has(id)) memory.probes = withoutEntry(memory.probes, id)
  }

  forget(worker: PodWorker): void {
    for (const key of this.#keysByPod.get(worker.uid) ?? []) this.#stop(key)
    this.#keysByPod.delete(worker.uid)
  }

  #stop(key: string): void {
    this.#loops.get(key)?.stop()
    this.#loops.delete(key)
  }

  #stopAll(): void {
    for (const key of [...this.#loops.keys()]) this.#stop(key)
  }
}

/** A container's probes are part of it for good, so what has none never had one. */
function probedContainers({ spec: { containers, initContainers = [] } }: Pod): Container[] {
  const isProbed = ({ startupProbe, livenessProbe, readinessProbe }: Container) =>
    (startupProbe ?? livenessProbe ?? readinessProbe) !== undefined
  return [...containers.filter(isProbed), ...initContainers.filter(each => isProbed(each) && isSidecar(each))]
}

/** Most probes of simulated pods are answered at once and need none: one is at hand for all of them until a probe has to be waited for. */
class Deadlines {
  #spare: AbortController | undefined

  /** The one that the next probe may have; nobody listens to it. */
  get spare(): AbortController {
    return (this.#spare ??= new AbortController())
  }

  /** A probe has it now. */
  take(): void {
    this.#spare = undefined
  }
}

/** One probe of one container, until the container ends. */
class ProbeLoop {
  readonly #worker: PodWorker
  readonly #clock: Clock
  readonly #container: Container
  readonly #running: ObservedContainer
  readonly #type: ProbeType
  readonly #probe: Probe
  readonly #periodMs: number
  readonly #deadlines: Deadlines
  #target: ProbeTarget
  /** Where thresholds that are reached are noted. */
  #memory: ProbeMemory | undefined
  #isStopped = false
  /** Of the probe that is under way. */
  #deadline: AbortController | undefined
  #timer: Timer | undefined
  #last: boolean | undefined
  #inARow: number

  constructor(worker: PodWorker, state: ProbeLoopState, deadlines: Deadlines, signal: AbortSignal) {
    const { container, running, type, probe, last, inARow, isStopped, due } = state
    this.#worker = worker
    this.#clock = worker.node.clock
    this.#container = container
    this.#running = running
    this.#type = type
    this.#probe = probe
    this.#periodMs = (probe.periodSeconds ?? 10) * 1000
    this.#deadlines = deadlines
    this.#memory = worker.memory.probes[running.id]
    this.#target = this.#targetIn(worker.observed)
    this.#last = last
    this.#inARow = inARow
    if (signal.aborted || isStopped) this.stop()
    else this.#timer = due === undefined ? this.#clock.after(this.#firstDelayMs(), this.#begin) : this.#clock.at(due, this.#begin)
  }

  get state(): ProbeLoopState {
    const due = this.#deadline === undefined ? this.#timer?.due : undefined
    return {
      container: this.#container,
      running: this.#running,
      type: this.#type,
      probe: this.#probe,
      last: this.#last,
      inARow: this.#inARow,
      isStopped: this.#isStopped,
      due,
    }
  }

  /** What runs of the pod has changed. */
  look(observed: ObservedPod): void {
    const target = this.#targetIn(observed)
    if (target.podIP !== this.#target.podIP) this.#target = target
  }

  stop(): void {
    this.#isStopped = true
    this.#deadline?.abort(new Error('probe stopped'))
    this.#timer?.cancel()
  }

  #firstDelayMs(): number {
    const initialMs = (this.#probe.initialDelaySeconds ?? 0) * 1000
    return Math.max(0, this.#running.startedAtMs + initialMs - this.#clock.now())
  }

  readonly #begin = (): void => {
    const beginMs = this.#clock.monotonicMs()
    const result = this.#run()
    if (result instanceof Promise)
      result.then(later => this.#finish(later, beginMs)).catch(error => this.#worker.node.log.error('probe broke', { error }))
    else this.#finish(result, beginMs)
  }

  #finish(result: ProbeResult, beginMs: number): void {
    if (this.#isStopped) return
    this.#count(result)
    if (this.#isStopped) return
    const delayMs = Math.max(0, this.#periodMs - (this.#clock.monotonicMs() - beginMs))
    this.#timer = this.#clock.after(delayMs, this.#begin)
  }

  /** Only what has to be waited for gets a timer. */
  #run(): Promise<ProbeResult> | ProbeResult {
    const deadline = this.#deadlines.spare
    const result = runProbe(this.#probe, this.#target, deadline.signal)
    if (!(result instanceof Promise)) return result
    this.#deadlines.take()
    return this.#inTime(result, deadline)
  }

  #targetIn({ sandboxes }: ObservedPod): ProbeTarget {
    const { node, pod } = this.#worker
    const podIP = pod.spec.hostNetwork === true ? (node.hostIPs[0] ?? '') : (sandboxes.find(({ ready }) => ready)?.ips[0] ?? '')
    return { container: this.#container, containerID: this.#running.id, podIP, runtime: node.runtime, dialer: node.dialer }
  }

  async #inTime(result: Promise<ProbeResult>, deadline: AbortController): Promise<ProbeResult> {
    const timeoutMs = (this.#probe.timeoutSeconds ?? 1) * 1000
    this.#deadline = deadline
    // An exec has its own limit in the runtime, which then also ends the command.
    const isExec = this.#probe.exec !== undefined
    // An error is made when it is needed only: its stack costs more than all else of a probe.
    const late = () => deadline.abort(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)'))
    using _timer = this.#clock.after(isExec ? timeoutMs + 5_000 : timeoutMs, late)
    try {
      return await result
    } finally {
      this.#deadline = undefined
    }
  }

  /** Thresholds: so many answers in a row change what counts. */
  #count(result: ProbeResult): void {
    const memory = this.#memory
    if (memory === undefined) return
    if (!result.success) {
      const message = `${titles[this.#type]} probe failed: ${result.output}`
      this.#worker.report('Warning', 'Unhealthy', message, this.#container.name)
    }
    this.#inARow = this.#last === result.success ? this.#inARow + 1 : 1
    this.#last = result.success
    const threshold = result.success ? (this.#probe.successThreshold ?? 1) : (this.#probe.failureThreshold ?? 3)
    if (this.#inARow < threshold) return
    if (this.#type === 'readiness') {
      if (memory.ready === result.success) return
      memory.ready = result.success
    } else if (this.#type === 'startup' && result.success) {
      memory.started = true
    } else if (!result.success) {
      memory.failed = this.#type
      this.stop()
    } else return
    this.#worker.wake({ reason: `the ${this.#type} probe of container ${this.#container.name} ${result.success ? 'succeeded' : 'failed'}` })
  }
}
