import { isAlreadyExists, isConflict, isNotFound } from '#apimachinery/status/status.ts'
import { deepEqual } from '#apimachinery/value/json-value.ts'
import { findCondition } from '#api/core/v1/pod-conditions.ts'
import type { Node, NodeStatus, ObjectReference } from '#api/core/v1/types.gen.ts'
import type { Due } from '#base/clock.ts'
import { Latch } from '#base/latch.ts'
import { Rounds } from '#base/rounds.ts'
import { shared } from '#base/shared-text.ts'
import type { EventRecorder } from '#client/events/event-recorder.ts'
import type { ObjectSource } from '#client/informer-parts.ts'
import type { StatusResponse, VersionResponse } from '#cri/gen/runtime.gen.ts'
import { limits } from '../limits.ts'
import type { KubeletOptions } from '../options.ts'
import type { RuntimeState } from '../runtime/runtime-state.ts'
import type { MachineFacts } from './node-probe.ts'
import {
  conditionEvents,
  type NodeFacts,
  newNode,
  nodeResources,
  nodeStatus,
  type ObservedNodeFacts,
  sameNodeStatus,
} from './node-status.ts'

/** What the reporter asks, beside the machine and the runtime. */
export interface NodeReporterParts {
  events: EventRecorder
  /** Where the node is as the API shows it, as far as we were told. */
  nodes: Pick<ObjectSource<Node>, 'get'>
  runtimeState: Pick<RuntimeState, 'plegProblem'>
}

/** What is known of the node and was reported of it. */
export interface NodeReporterState {
  machine: MachineFacts | undefined
  version: VersionResponse | undefined
  uid: string | undefined
  reported: NodeStatus | undefined
  reportedAtMs: number
  unreadyChecks: number
  failures: number
  /** Of the next look at the node; undefined: now. */
  due: Due | undefined
}

/** While the node is not ready the runtime is asked again after this time, doubled up to the next; there is no event for it. */
const unreadyCheckMs = 25
const unreadyCheckMaxMs = 2_000

/** Registers the node and keeps its status true. */
export class NodeReporter {
  readonly #options: KubeletOptions
  readonly #parts: NodeReporterParts
  readonly #ref: ObjectReference
  #machine: MachineFacts | undefined
  /** Of this machine; shared, never changed. */
  #allocatable: Record<string, string> | undefined
  #version: VersionResponse | undefined
  #uid: string | undefined
  #reported: NodeStatus | undefined
  /** What `#reported` says all of. */
  #reportedFacts: ObservedNodeFacts | undefined
  /** A version of the object that says what `#reported` does. */
  #agreed: Node | undefined
  #reportedAtMs = Number.NEGATIVE_INFINITY
  #unreadyChecks = 0
  #failures = 0
  readonly #rounds: Rounds
  readonly #resumed: NodeReporterState | undefined
  readonly #registered = new Latch()
  readonly #ready = new Latch()

  /** @param state of a reporter that this one takes the place of */
  constructor(options: KubeletOptions, parts: NodeReporterParts, state?: NodeReporterState) {
    this.#options = options
    this.#parts = parts
    this.#rounds = new Rounds(options.clock, signal => this.#round(signal))
    this.#resumed = state
    const name = options.nodeName
    // Upstream's events of a node carry its name as UID; `kubectl describe node` looks for that.
    this.#ref = { apiVersion: 'v1', kind: 'Node', name, uid: name }
    if (state === undefined) return
    this.#machine = state.machine
    this.#version = state.version
    this.#uid = state.uid
    this.#reported = state.reported
    this.#reportedAtMs = state.reportedAtMs
    this.#unreadyChecks = state.unreadyChecks
    this.#failures = state.failures
    if (state.uid !== undefined) this.#registered.open()
    if (this.#isReady) this.#ready.open()
  }

  get state(): NodeReporterState {
    return {
      machine: this.#machine,
      version: this.#version,
      uid: this.#uid,
      reported: this.#reported,
      reportedAtMs: this.#reportedAtMs,
      unreadyChecks: this.#unreadyChecks,
      failures: this.#failures,
      due: this.#rounds.due,
    }
  }

  /** Resolves when the Node object is there. */
  get registered(): Promise<void> {
    return this.#registered.opened
  }

  /** Resolves when the node was first reported Ready. */
  get ready(): Promise<void> {
    return this.#ready.opened
  }

  get uid(): string | undefined {
    return this.#uid
  }

  /** `containerd`; the scheme of container IDs. */
  get runtimeName(): string {
    return this.#version?.runtimeName ?? ''
  }

  get memoryBytes(): number {
    return this.#machine?.memoryBytes ?? 1
  }

  /** What pods may use; empty before the machine was looked at. */
  get allocatable(): Record<string, string> {
    if (this.#machine === undefined) return {}
    this.#allocatable ??= nodeResources({ machine: this.#machine, maxPods: this.#maxPods }).allocatable
    return this.#allocatable ?? {}
  }

  /** Learns what never changes. Before anything else of the kubelet; it waits for a runtime that does not answer yet. */
  async prepare(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    for (let delayMs = unreadyCheckMs; !signal.aborted; delayMs = Math.min(2 * delayMs, unreadyCheckMaxMs)) {
      try {
        this.#machine ??= await this.#options.host.probe.machine()
        this.#version ??= await this.#options.runtime.version(signal)
        return
      } catch (error) {
        if (signal.aborted) return
        log.warn('the container runtime does not answer', { error })
        await clock.sleep(delayMs, signal).catch(() => {})
      }
    }
  }

  /** Looks at the node now: something that its status shows may have changed. */
  check(): void {
    this.#rounds.cutShort()
  }

  run(signal: AbortSignal): Promise<void> {
    if (this.#resumed === undefined) this.#parts.events.event(this.#ref, 'Normal', 'Starting', 'Starting kubelet.')
    return this.#rounds.run(signal, this.#resumed?.due)
  }

  async #round(signal: AbortSignal): Promise<number> {
    try {
      const isReady = await this.#report(signal)
      this.#failures = 0
      if (!isReady) return Math.min(unreadyCheckMs * 2 ** this.#unreadyChecks++, unreadyCheckMaxMs)
      this.#unreadyChecks = 0
      return limits.nodeStatusCheckMs
    } catch (error) {
      if (signal.aborted) throw error
      this.#options.log.warn('cannot report the node', { node: this.#options.nodeName, error })
      return Math.min(100 * 2 ** this.#failures++, limits.nodeStatusCheckMs)
    }
  }

  /** @returns whether the node is Ready */
  async #report(signal: AbortSignal): Promise<boolean> {
    const observed = await this.#look(signal)
    const nowMs = this.#options.clock.now()
    // The facts first: with thousands of nodes, making a status of them each time costs more than the leases do.
    const isDue = this.#uid === undefined || nowMs - this.#reportedAtMs >= limits.nodeStatusReportMs || this.#isOverwritten()
    if (isDue || !deepEqual(this.#reportedFacts, observed)) {
      const facts = this.#factsOf(observed, nowMs)
      if (this.#uid === undefined) await this.#register(facts, signal)
      else if (isDue || !this.#isSaid(facts)) await this.#write(facts, signal)
      this.#reportedFacts = observed
      this.#registered.open()
      if (this.#isReady) this.#ready.open()
    }
    return this.#isReady
  }

  #factsOf(observed: ObservedNodeFacts, nowMs: number): NodeFacts {
    const { nodeName, hostname = nodeName, nodeIPs, kubeletPort = 10_250, version } = this.#options
    return { ...observed, nodeName, hostname, nodeIPs, maxPods: this.#maxPods, kubeletPort, kubeletVersion: version, nowMs }
  }

  get #maxPods(): number {
    return this.#options.maxPods ?? 110
  }

  get #present(): Node | undefined {
    return this.#parts.nodes.get(this.#options.nodeName)
  }

  get #isReady(): boolean {
    return this.#reported?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
  }

  #isSaid(facts: NodeFacts): boolean {
    return this.#reported !== undefined && sameNodeStatus(this.#reported, nodeStatus(facts, this.#reported))
  }

  /** While we could not be heard, others said what we should have. */
  #isOverwritten(): boolean {
    const present = this.#present
    if (present === undefined || present === this.#agreed) return false
    const shown = present.status?.conditions ?? []
    if (this.#reported?.conditions?.some(({ type, status }) => (findCondition(shown, type)?.status ?? status) !== status) === true)
      return true
    this.#agreed = present
    return false
  }

  /** Looks at what may have changed. */
  async #look(signal: AbortSignal): Promise<ObservedNodeFacts> {
    const { runtime, images, host } = this.#options
    this.#machine ??= await host.probe.machine()
    this.#version ??= await runtime.version(signal).catch(() => undefined)
    const runtimeStatus = await this.#runtimeStatus(signal)
    const pressure = await host.probe.pressure()
    const listed = await images.listImages({}, signal).catch(() => undefined)
    return {
      machine: this.#machine,
      pressure,
      runtimeVersion: this.#runtimeVersion ?? this.#present?.status?.nodeInfo?.containerRuntimeVersion ?? '',
      runtimeStatus,
      plegProblem: this.#parts.runtimeState.plegProblem,
      images: listed?.images ?? [],
    }
  }

  get #runtimeVersion(): string | undefined {
    return this.#version && shared(`${this.#version.runtimeName}://${this.#version.runtimeVersion}`)
  }

  async #runtimeStatus(signal: AbortSignal): Promise<StatusResponse | undefined> {
    try {
      return await this.#options.runtime.status({}, signal)
    } catch (error) {
      this.#options.log.warn('the container runtime does not answer', { error })
      return undefined
    }
  }

  async #register(facts: NodeFacts, signal: AbortSignal): Promise<void> {
    const { client, labels = {}, taints = [] } = this.#options
    const wanted = newNode(facts, labels, taints)
    try {
      const created = await client.create(wanted, signal)
      this.#uid = created.metadata.uid
      if (created.status?.conditions !== undefined) this.#remember(nodeStatus(facts, created.status), [], facts.nowMs)
      else await this.#write(facts, signal)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      const present = await client.get<Node>({ apiVersion: 'v1', kind: 'Node', name: facts.nodeName }, signal)
      this.#uid = present.metadata.uid
      this.#reported = present.status
      const stale = Object.entries(wanted.metadata.labels ?? {}).some(([key, value]) => present.metadata.labels?.[key] !== value)
      if (stale) await this.#patchLabels(wanted, signal)
      await this.#write(facts, signal)
    }
  }

  async #patchLabels({ metadata }: Node, signal: AbortSignal): Promise<void> {
    const { client, nodeName } = this.#options
    const body = { metadata: { labels: metadata.labels } }
    await client.patch({ apiVersion: 'v1', kind: 'Node', name: nodeName }, { type: 'merge', body }, signal)
  }

  /** Reads before writing: conditions and addresses of others stay. Status writes are rare, the lease is the heartbeat. */
  async #write(facts: NodeFacts, signal: AbortSignal): Promise<void> {
    const { client, nodeName } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        const present = await client.get<Node>({ apiVersion: 'v1', kind: 'Node', name: nodeName }, signal)
        const old = present.status ?? {}
        const status = { ...old, ...nodeStatus(facts, old) }
        const written = await client.update({ ...present, status }, signal, { subresource: 'status' })
        this.#uid = written.metadata.uid
        this.#remember(nodeStatus(facts, written.status), old.conditions ?? [], facts.nowMs)
        return
      } catch (error) {
        // Somebody deleted the object: the node registers again.
        if (isNotFound(error)) this.#uid = undefined
        if (!isConflict(error) || attempt >= 5) throw error
      }
    }
  }

  #remember(status: NodeStatus, before: NonNullable<NodeStatus['conditions']>, nowMs: number): void {
    const { nodeName } = this.#options
    const { events } = this.#parts
    const known = this.#reported?.conditions ?? before
    for (const { reason, message } of conditionEvents(nodeName, this.#reportedAtMs < 0 ? [] : known, status.conditions ?? []))
      events.event(this.#ref, 'Normal', reason, message)
    if (this.#reportedAtMs < 0) events.event(this.#ref, 'Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods')
    this.#reported = status
    this.#reportedAtMs = nowMs
    this.#agreed = undefined
  }
}
