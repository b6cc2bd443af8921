import type { Clock, Due, Timer } from '#base/clock.ts'
import { CopyOnWriteMap } from '#base/copy-on-write-map.ts'
import { Latch } from '#base/latch.ts'
import type { Logger } from '#base/log.ts'
import { sameJSON } from '#base/same-json.ts'
import { shared } from '#base/shared-text.ts'
import { pause } from '#base/pause.ts'
import { SmallMap } from '#base/small-map.ts'
import type { RuntimeEvent, RuntimeService } from '#cri/cri.ts'
import { isNotFound } from '#cri/error.ts'
import type { Container, ContainerStatus, PodSandbox } from '#cri/gen/runtime.gen.ts'
import { PodSandboxState } from '#cri/gen/runtime.gen.ts'
import { limits } from '../limits.ts'
import { formatDuration } from '../pod/backoff.ts'
import { podNameLabel, podNamespaceLabel, podUIDLabel } from './labels.ts'
import { type ObservedContainer, type ObservedPod, type ObservedSandbox, observeContainer, observeSandbox, stateOf } from './observed.ts'

export interface RuntimeStateOptions {
  runtime: RuntimeService
  clock: Clock
  log: Logger
  /** The termination message of a container that ended; undefined when it left none. */
  terminationMessage: (status: ContainerStatus) => Promise<string | undefined>
}

/** What happened to a container, in words such as `container web started`. */
export interface RuntimeChange {
  container: string
  containerID: string
  what: string
}

/** Called with the UID of a pod whose observed state changed, and with what happened when there is a word for it. */
export type RuntimeListener = (uid: string, change?: RuntimeChange) => void

/** What is known of the runtime. Nobody changes the maps. */
export interface RuntimeStateMemory {
  pods: CopyOnWriteMap<string, ObservedPod>
  owners: CopyOnWriteMap<string, string>
  lastHeardMs: number
  /** Of the next list; undefined while nobody tells of changes. */
  relistDue: Due | undefined
  /** Of asking for the events again. */
  retry: Retry | undefined
}

interface Retry {
  readonly failures: number
  /** Undefined while it is asked. */
  readonly due: Due | undefined
}

/**
 * The kubelet's copy of what the runtime runs (upstream's PLEG and pod cache in one): rebuilt from the runtime at start, then kept true by
 * its events. A slow list is the safety net.
 */
export class RuntimeState {
  readonly #options: RuntimeStateOptions
  readonly #pods: CopyOnWriteMap<string, ObservedPod>
  /** Pod UID of every container and sandbox ID that we know. */
  readonly #owners: CopyOnWriteMap<string, string>
  /**
   * Of which look at an ID we hold the answer: that of an older one, coming late, is dropped. Looks are numbered as they begin. Forgotten when
   * none is under way.
   */
  readonly #applied = new SmallMap<string, number>()
  #lookCount = 0
  #looksUnderWay = 0
  #listeners: readonly RuntimeListener[] = []
  readonly #synced = new Latch()
  #lastHeardMs: number
  #relistTimer: Timer | undefined
  /** Of the list that follows the one we know of. */
  #relistDue: Due | undefined
  /** Undefined while events come. */
  #retry: Retry | undefined

  /** @param memory of one that this one takes the place of */
  constructor(options: RuntimeStateOptions, memory?: RuntimeStateMemory) {
    this.#options = options
    this.#pods = memory?.pods.copy() ?? new CopyOnWriteMap()
    this.#owners = memory?.owners.copy() ?? new CopyOnWriteMap()
    this.#lastHeardMs = memory?.lastHeardMs ?? Number.NEGATIVE_INFINITY
    this.#relistDue = memory?.relistDue
    this.#retry = memory?.retry
    // Who had not heard of anything yet knows nothing now.
    if (Number.isFinite(this.#lastHeardMs)) this.#synced.open()
  }

  /** A copy. */
  get memory(): RuntimeStateMemory {
    return {
      pods: this.#pods.copy(),
      owners: this.#owners.copy(),
      lastHeardMs: this.#lastHeardMs,
      relistDue: this.#relistTimer?.due,
      retry: this.#retry,
    }
  }

  /** Resolves when everything that runs is known. */
  get synced(): Promise<void> {
    return this.#synced.opened
  }

  /** Why pods cannot be followed; undefined when all is well. */
  get plegProblem(): string | undefined {
    const silentMs = this.#options.clock.monotonicMs() - this.#lastHeardMs
    // Before the first list there is nothing to be late with.
    if (!Number.isFinite(silentMs) || silentMs < limits.plegHealthyMs) return undefined
    return `pleg was last seen active ${formatDuration(silentMs)} ago; threshold is ${formatDuration(limits.plegHealthyMs)}`
  }

  get(uid: string): ObservedPod | undefined {
    return this.#pods.get(uid)
  }

  values(): Iterable<ObservedPod> {
    return this.#pods.values()
  }

  onChange(listener: RuntimeListener): Disposable {
    this.#listeners = this.#listeners.concat(listener)
    return { [Symbol.dispose]: () => (this.#listeners = this.#listeners.filter(other => other !== listener)) }
  }

  /** Follows the runtime until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { runtime, log } = this.#options
    const resumed = this.#retry
    if (resumed?.due !== undefined) await this.#pause(resumed.failures, resumed.due, signal)
    for (let failures = resumed?.failures ?? 0; !signal.aborted; failures++) {
      try {
        for await (const event of runtime.containerEvents(signal)) {
          failures = 0
          this.#retry = undefined
          if (event.type === 'Subscribed') {
            const due = this.#relistDue
            this.#relistDue = undefined
            if (due === undefined) await this.relist(signal)
            this.#relistRegularly(due, signal)
          } else if (this.#isNews(event)) {
            // Not awaited: looks at different containers do not wait for each other, and those at one are ordered by `#looks`.
            this.#onEvent(event, signal).catch(error => this.#logUnlessAborted(error, signal))
          }
        }
      } catch (error) {
        if (signal.aborted) return
        this.#relistDue = undefined
        log.warn('runtime events broke off', { error })
      } finally {
        this.#relistTimer?.cancel()
        this.#relistTimer = undefined
      }
      await this.#pause(failures + 1, Math.min(100 * 2 ** failures, 5_000), signal)
    }
  }

  #pause(failures: number, until: number | Due, signal: AbortSignal): Promise<void> {
    return pause(this.#options.clock, until, signal, due => (this.#retry = { failures, due }))
  }

  /** Compares the runtime's lists with what we know and looks at what differs. */
  async relist(signal: AbortSignal): Promise<void> {
    this.#looksUnderWay++
    try {
      await this.#relist(signal)
    } finally {
      this.#onLookEnd()
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { runtime, clock } = this.#options
    const since = this.#lookCount
    const [sandboxes, containers] = await Promise.all([runtime.listPodSandbox({}, signal), runtime.listContainers({}, signal)])
    this.#lastHeardMs = clock.monotonicMs()
    let count = 0
    const looks: Promise<unknown>[] = []
    for (const sandbox of sandboxes.items) {
      if (!isOurs(sandbox)) continue
      count++
      if (!this.#knowsSandbox(sandbox)) looks.push(this.refreshSandbox(sandbox.id, signal))
    }
    for (const container of containers.containers) {
      if (!isOurs(container)) continue
      count++
      if (!this.#knowsContainer(container)) looks.push(this.refreshContainer(container.id, container.podSandboxId, signal))
    }
    // Mostly all that is listed is known, and nothing else.
    if (looks.length > 0 || count < this.#owners.size) this.#forgetAllBut([...sandboxes.items, ...containers.containers], since)
    await Promise.all(looks)
    this.#synced.open()
  }

  #forgetAllBut(listed: readonly { id: string }[], since: number): void {
    const present = new Set(listed.map(({ id }) => id))
    // What appeared while the list was under way is not in it and not gone either.
    for (const id of [...this.#owners.keys()]) if (!present.has(id) && (this.#applied.get(id) ?? 0) <= since) this.forget(id)
  }

  async refreshSandbox(id: string, signal: AbortSignal): Promise<ObservedSandbox | undefined> {
    const look = this.#beginLook()
    try {
      const { status } = await this.#options.runtime.podSandboxStatus({ podSandboxId: id }, signal)
      if (status === undefined || !isOurs(status) || !this.#mayApply(id, look)) return undefined
      const observed = observeSandbox(status)
      const pod = this.#podOf(status.labels)
      const known = pod.sandboxes.find(sandbox => sandbox.id === id)
      if (sameJSON(known, observed)) return known
      this.#owners.set(id, pod.uid)
      const others = pod.sandboxes.filter(sandbox => sandbox.id !== id)
      this.#set({ ...pod, sandboxes: others.concat(observed).sort(newestFirst) })
      return observed
    } catch (error) {
      if (!isNotFound(error)) throw error
      this.forget(id)
      return undefined
    } finally {
      this.#onLookEnd()
    }
  }

  /** @param sandboxID needed the first time only */
  async refreshContainer(id: string, sandboxID: string | undefined, signal: AbortSignal): Promise<ObservedContainer | undefined> {
    const look = this.#beginLook()
    try {
      const { status } = await this.#options.runtime.containerStatus({ containerId: id }, signal)
      if (status === undefined || !isOurs(status)) return undefined
      const message = stateOf(status.state) === 'exited' ? await this.#options.terminationMessage(status) : undefined
      if (!this.#mayApply(id, look)) return undefined
      const pod = this.#podOf(status.labels)
      const known = pod.containers.find(container => container.id === id)
      const observed = observeContainer(status, sandboxID || known?.sandboxID || '', message)
      if (sameJSON(known, observed)) return known
      this.#owners.set(id, pod.uid)
      const others = pod.containers.filter(container => container.id !== id)
      this.#set({ ...pod, containers: others.concat(observed).sort(newestFirst) }, whatHappened(known, observed))
      return observed
    } catch (error) {
      if (!isNotFound(error)) throw error
      this.forget(id)
      return undefined
    } finally {
      this.#onLookEnd()
    }
  }

  /** Drops a container or sandbox that no longer exists. */
  forget(id: string): void {
    const pod = this.#pods.get(this.#owners.get(id) ?? '')
    this.#owners.delete(id)
    // Newer than all that are under way: their answers may be of before.
    if (this.#looksUnderWay > 0) this.#applied.set(id, this.#lookCount + 1)
    if (pod === undefined) return
    const sandboxes = pod.sandboxes.filter(sandbox => sandbox.id !== id)
    // A runtime removes a sandbox together with its containers.
    const containers = pod.containers.filter(container => container.id !== id && container.sandboxID !== id)
    for (const container of pod.containers) if (!containers.includes(container)) this.#owners.delete(container.id)
    this.#set({ ...pod, sandboxes, containers })
  }

  /** @returns its number */
  #beginLook(): number {
    this.#looksUnderWay++
    return ++this.#lookCount
  }

  #onLookEnd(): void {
    if (--this.#looksUnderWay === 0) this.#applied.clear()
  }

  #mayApply(id: string, look: number): boolean {
    if ((this.#applied.get(id) ?? 0) > look) return false
    this.#applied.set(id, look)
    return true
  }

  async #onEvent(event: RuntimeEvent, signal: AbortSignal): Promise<void> {
    const { containerID: id, podSandboxID } = event
    if (event.type === 'Deleted') {
      this.forget(id)
      return
    }
    if (podSandboxID !== '' && podSandboxID !== id) {
      await this.refreshContainer(id, podSandboxID, signal)
      return
    }
    const pod = this.#pods.get(this.#owners.get(id) ?? event.podUID)
    const isContainer = pod?.containers.some(container => container.id === id) ?? false
    if (isContainer) await this.refreshContainer(id, undefined, signal)
    else if (podSandboxID === id || pod?.sandboxes.some(sandbox => sandbox.id === id)) await this.refreshSandbox(id, signal)
    else await this.relist(signal)
  }

  /** Our own calls look at their result themselves; the event that follows then says nothing new. */
  #isNews({ type, containerID }: RuntimeEvent): boolean {
    if (type === 'Deleted') return true
    const pod = this.#pods.get(this.#owners.get(containerID) ?? '')
    const container = pod?.containers.find(({ id }) => id === containerID)
    if (container !== undefined)
      return type === 'Stopped' ? container.state !== 'exited' : type === 'Started' && container.state === 'created'
    const sandbox = pod?.sandboxes.find(({ id }) => id === containerID)
    return sandbox === undefined || sandbox.ready === (type === 'Stopped')
  }

  #knowsSandbox({ id, state }: PodSandbox): boolean {
    const known = this.#pods.get(this.#owners.get(id) ?? '')?.sandboxes.find(sandbox => sandbox.id === id)
    return known !== undefined && known.ready === (state === PodSandboxState.SANDBOX_READY)
  }

  #knowsContainer({ id, state }: Container): boolean {
    const known = this.#pods.get(this.#owners.get(id) ?? '')?.containers.find(container => container.id === id)
    return known !== undefined && known.state === stateOf(state)
  }

  #podOf(labels: Readonly<{ [key: string]: string }>): ObservedPod {
    const uid = labels[podUIDLabel] ?? ''
    return (
      this.#pods.get(uid) ?? {
        uid,
        name: labels[podNameLabel] ?? '',
        namespace: labels[podNamespaceLabel] ?? '',
        sandboxes: [],
        containers: [],
      }
    )
  }

  #set(pod: ObservedPod, change?: RuntimeChange): void {
    if (pod.sandboxes.length === 0 && pod.containers.length === 0) this.#pods.delete(pod.uid)
    else this.#pods.set(pod.uid, pod)
    for (const listener of this.#listeners) listener(pod.uid, change)
  }

  /** @param due of the next one, when that is decided */
  #relistRegularly(due: Due | undefined, signal: AbortSignal): void {
    const { clock } = this.#options
    const tick = () => {
      this.relist(signal).catch(error => this.#logUnlessAborted(error, signal))
      this.#relistRegularly(undefined, signal)
    }
    this.#relistTimer?.cancel()
    this.#relistTimer = due === undefined ? clock.after(limits.relistMs, tick) : clock.at(due, tick)
  }

  #logUnlessAborted(error: unknown, signal: AbortSignal): void {
    if (!signal.aborted) this.#options.log.warn('cannot look at the runtime', { error })
  }
}

function whatHappened(before: ObservedContainer | undefined, { id, name, state, exitCode }: ObservedContainer): RuntimeChange | undefined {
  if (before?.state === state || (state !== 'running' && state !== 'exited')) return undefined
  const what = state === 'running' ? `container ${name} started` : `container ${name} exited with ${exitCode}`
  return { container: name, containerID: id, what: shared(what) }
}

function newestFirst(a: { createdAtMs: number; id: string }, b: { createdAtMs: number; id: string }): number {
  return b.createdAtMs - a.createdAtMs
}

/** Somebody may make sandboxes and containers beside us. */
function isOurs({ labels }: { labels: { [key: string]: string } }): boolean {
  return podUIDLabel in labels
}
