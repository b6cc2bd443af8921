import type { Clock } from '#base/clock.ts'
import type { RuntimeEvent, RuntimeEventType, RuntimeService } from '../cri.ts'
import { isNotFound } from '../error.ts'
import { ContainerState, PodSandboxState } from '../gen/runtime.gen.ts'

/** An event as containerd tells it. */
export interface ContainerFact {
  type: Exclude<RuntimeEventType, 'Subscribed'> | 'OOM'
  containerID: string
}

export interface SettlerOptions {
  runtime: RuntimeService
  clock: Clock
  emit: (event: RuntimeEvent) => void
}

/** An event is delivered after this time even when the CRI's answer still contradicts it. */
const settleMsMax = 5_000
/** How long the reason of a container that ended may lag behind the report of its memory running out. */
const oomReasonMsMax = 250
const firstRetryMs = 1
const retryMsMax = 40

const podUIDLabel = 'io.kubernetes.pod.uid'
const oomKilled = 'OOMKilled'

interface Origin {
  podSandboxID: string
  podUID: string
}

type Observed = { what: 'container'; state: ContainerState; origin: Origin } | { what: 'sandbox'; state: PodSandboxState; origin: Origin }

/** Holds an event back until the CRI's own answers agree with it; keeps the events of one container in order. */
export class Settler {
  readonly #runtime: RuntimeService
  readonly #clock: Clock
  readonly #emit: (event: RuntimeEvent) => void
  /** Waiting facts of a container whose facts are being worked on. */
  readonly #waiting = new Map<string, ContainerFact[]>()
  readonly #origins = new Map<string, Origin>()
  readonly #outOfMemory = new Set<string>()
  readonly #stopped = new Set<string>()

  constructor(options: SettlerOptions) {
    this.#runtime = options.runtime
    this.#clock = options.clock
    this.#emit = options.emit
  }

  /**
   * Learns to which pods the existing containers belong, so that the events of their end can say it.
   * @returns the containers that run, as far as the CRI knows
   */
  async prime(signal: AbortSignal): Promise<string[]> {
    const [containers, sandboxes] = await Promise.all([this.#runtime.listContainers({}, signal), this.#runtime.listPodSandbox({}, signal)])
    for (const { id, podSandboxId, labels } of containers.containers)
      this.#origins.set(id, { podSandboxID: podSandboxId, podUID: labels[podUIDLabel] ?? '' })
    for (const { id, metadata } of sandboxes.items) this.#origins.set(id, { podSandboxID: id, podUID: metadata?.uid ?? '' })
    return containers.containers.filter(({ state }) => state === ContainerState.CONTAINER_RUNNING).map(({ id }) => id)
  }

  /** Resolves when the fact, and those of the same container that came meanwhile, were delivered. */
  async settle(fact: ContainerFact, signal: AbortSignal): Promise<void> {
    const before = this.#waiting.get(fact.containerID)
    if (before !== undefined) {
      before.push(fact)
      return
    }
    const waiting = [fact]
    this.#waiting.set(fact.containerID, waiting)
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.#deliver(next, waiting, signal)
    this.#waiting.delete(fact.containerID)
  }

  async #deliver({ type, containerID }: ContainerFact, waiting: ContainerFact[], signal: AbortSignal): Promise<void> {
    if (type === 'OOM') {
      this.#outOfMemory.add(containerID)
      // Only a process of the container died, or the exit is still to come and will tell.
      if (!this.#stopped.has(containerID)) return
    }
    const event = type === 'OOM' ? 'Stopped' : type
    // A later fact of the same container has made this state pass already: there is nothing to wait for.
    const overtaken = () => waiting.some(fact => fact.type !== 'OOM')
    await this.#retry(settleMsMax, signal, async () => overtaken() || agrees(event, await this.#observe(containerID, signal)))
    // Whoever hears of the end needs no word about the beginning, of which the CRI knows nothing any more.
    if (overtaken() && (event === 'Created' || event === 'Started')) return
    if (event === 'Stopped' && (this.#outOfMemory.has(containerID) || waiting.some(fact => fact.type === 'OOM')))
      await this.#retry(oomReasonMsMax, signal, async () => overtaken() || (await this.#hasOOMReason(containerID, signal)))
    const origin = this.#origins.get(containerID) ?? { podSandboxID: '', podUID: '' }
    if (event === 'Stopped') this.#stopped.add(containerID)
    if (event === 'Deleted') this.#forget(containerID)
    this.#emit({ type: event, containerID, ...origin })
  }

  async #retry(limitMs: number, signal: AbortSignal, attempt: () => Promise<boolean>): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + limitMs
    for (let retryMs = firstRetryMs; !(await attempt()); retryMs = Math.min(retryMs * 2, retryMsMax)) {
      if (this.#clock.monotonicMs() >= untilMs) return
      await this.#clock.sleep(retryMs, signal)
    }
  }

  async #observe(id: string, signal: AbortSignal): Promise<Observed | undefined> {
    const { containers } = await this.#runtime.listContainers({ filter: { id } }, signal)
    const container = containers[0]
    if (container !== undefined) {
      const origin = { podSandboxID: container.podSandboxId, podUID: container.labels[podUIDLabel] ?? '' }
      this.#origins.set(id, origin)
      return { what: 'container', state: container.state, origin }
    }
    const { items } = await this.#runtime.listPodSandbox({ filter: { id } }, signal)
    const sandbox = items[0]
    if (sandbox === undefined) return undefined
    const origin = { podSandboxID: id, podUID: sandbox.metadata?.uid ?? '' }
    this.#origins.set(id, origin)
    return { what: 'sandbox', state: sandbox.state, origin }
  }

  async #hasOOMReason(containerId: string, signal: AbortSignal): Promise<boolean> {
    try {
      return (await this.#runtime.containerStatus({ containerId }, signal)).status?.reason === oomKilled
    } catch (error) {
      if (isNotFound(error)) return true
      throw error
    }
  }

  #forget(containerID: string): void {
    this.#origins.delete(containerID)
    this.#outOfMemory.delete(containerID)
    this.#stopped.delete(containerID)
  }
}

function agrees(type: RuntimeEventType, observed: Observed | undefined): boolean {
  switch (type) {
    case 'Created':
      return observed !== undefined
    case 'Started':
      return observed !== undefined && !(observed.what === 'container' && observed.state === ContainerState.CONTAINER_CREATED)
    case 'Stopped':
      return (
        observed === undefined ||
        (observed.what === 'container'
          ? observed.state === ContainerState.CONTAINER_EXITED || observed.state === ContainerState.CONTAINER_UNKNOWN
          : observed.state === PodSandboxState.SANDBOX_NOTREADY)
      )
    case 'Deleted':
      return observed === undefined
    case 'Subscribed':
      return true
  }
}
