import { isSidecar } from '#api/core/v1/containers.ts'
import type { Container, ContainerStatus, Pod, PodStatus } from '#api/core/v1/types.gen.ts'
import { hashContainer } from '../runtime/labels.ts'
import type { ObservedContainer, ObservedSandbox } from '../runtime/observed.ts'
import { backOffUntilMs, crashBackOffLimits, formatDuration } from './backoff.ts'
import { restartsBefore } from './container-status.ts'
import { type Plan, PlanDraft, type PlanInput } from './plan-draft.ts'
import { planTermination } from './plan-termination.ts'
import { shouldRestart } from './restart-policy.ts'

/**
 * Decides what has to be done for a pod. Synchronous and without effects: the same input gives the same plan, and what the plan asks for
 * changes only through its input.
 */
export function planPod(input: PlanInput): Plan {
  const draft = new PlanDraft(input)
  if (input.memory.termination !== undefined) planTermination(draft)
  else planRun(draft)
  return draft.plan
}

function planRun(draft: PlanDraft): void {
  const { pod, observed, memory } = draft.input
  const sandbox = observed.sandboxes.find(({ ready }) => ready)
  if (!memory.volumesMounted) draft.add({ action: 'mountVolumes' })
  if (!memory.nodePrepared) draft.add({ action: 'prepareNode' })
  if (sandbox === undefined) planSandbox(draft)
  collectGarbage(draft, sandbox)
  // What runs in a sandbox that is gone or was replaced goes first.
  const usable = endOutside(draft, sandbox) ? undefined : sandbox
  if (sandbox !== undefined || observed.sandboxes.length === 0 || !allEnded(pod, observed.containers)) planContainers(draft, usable)
}

/** Ends what runs anywhere but in the sandbox. @returns whether there was anything */
function endOutside(draft: PlanDraft, sandbox: ObservedSandbox | undefined): boolean {
  const { pod, observed } = draft.input
  const running = observed.containers.filter(({ state, sandboxID }) => state === 'running' && sandboxID !== sandbox?.id)
  for (const { id, name } of running)
    draft.add({ action: 'killContainer', container: name, containerID: id, gracePeriodSeconds: graceOf(pod), why: 'SandboxChanged' })
  return running.length > 0
}

/** There is no ready sandbox: when the last one runs nothing any more, makes a new one. */
function planSandbox(draft: PlanDraft): void {
  const { pod, observed, memory } = draft.input
  const last = observed.sandboxes[0]
  if (observed.containers.some(({ state }) => state === 'running')) return
  // What is being started would come to life in a sandbox that is gone: it is waited for.
  if (memory.inFlight.some(key => key.startsWith('startContainer:'))) return
  if (last !== undefined && !memory.stoppedSandboxes.includes(last.id)) {
    draft.add({ action: 'stopSandbox', sandboxID: last.id })
    return
  }
  // A pod whose containers have all ended for good needs no sandbox any more.
  if (last !== undefined && allEnded(pod, observed.containers)) return
  if (!memory.volumesMounted || !memory.nodePrepared) return
  draft.add({
    action: 'createSandbox',
    attempt: last === undefined ? 0 : last.attempt + 1,
    ...(last !== undefined && { replaces: last.id }),
  })
}

function allEnded(pod: Pod, containers: readonly ObservedContainer[]): boolean {
  return pod.spec.containers.every(container => {
    const last = containers.find(({ name }) => name === container.name)
    return last?.state === 'exited' && !shouldRestart(pod, container, last.exitCode)
  })
}

/** Of each container: the one that runs, and the one before, whose logs may be asked for. */
const instancesKept = 2

/** Sandboxes that were replaced and have no containers, and of each name all containers but the newest. */
function collectGarbage(draft: PlanDraft, current: ObservedSandbox | undefined): void {
  const { observed } = draft.input
  const keptID = current?.id ?? observed.sandboxes[0]?.id
  for (const { id } of observed.sandboxes) {
    if (id === keptID) continue
    if (!observed.containers.some(({ sandboxID }) => sandboxID === id)) draft.add({ action: 'removeSandbox', sandboxID: id })
  }
  if (observed.containers.length <= instancesKept) return
  const seen = new Map<string, number>()
  for (const { id, name, state } of observed.containers) {
    const newer = seen.get(name) ?? 0
    seen.set(name, newer + 1)
    if (newer >= instancesKept && state !== 'running') draft.add({ action: 'removeContainer', containerID: id })
  }
}

function planContainers(draft: PlanDraft, sandbox: ObservedSandbox | undefined): void {
  const { pod, observed } = draft.input
  // What ran in an earlier sandbox must run again: init containers too.
  const here = sandbox === undefined ? [] : observed.containers.filter(({ sandboxID }) => sandboxID === sandbox.id)
  // They may look at a pod that does not get past its init containers.
  if (sandbox !== undefined) for (const container of pod.spec.ephemeralContainers ?? []) new StartOrder(draft, sandbox).startOnce(container)
  const order = new StartOrder(draft, sandbox)
  const begun = pod.spec.containers.some(container => here.some(({ name }) => name === container.name))
  for (const container of pod.spec.initContainers ?? []) {
    const last = here.find(({ name }) => name === container.name)
    if (isSidecar(container)) {
      const started = order.keepRunning(container, last)
      if (!started && !begun) return
    } else if (!begun && !isInitialized(order, container, last)) return
  }
  for (const container of pod.spec.containers)
    order.keepRunning(
      container,
      here.find(({ name }) => name === container.name),
    )
  if (begun && allEnded(pod, here)) endSidecars(draft, here)
}

/** Brings an ordinary init container to its successful end; false as long as the ones after it must wait. */
function isInitialized(order: StartOrder, container: Container, last: ObservedContainer | undefined): boolean {
  if (last?.state === 'exited' && last.exitCode === 0) return true
  order.keepRunning(container, last)
  return false
}

/** The pod's work is done: what only accompanied it has to stop. */
function endSidecars(draft: PlanDraft, here: readonly ObservedContainer[]): void {
  const { pod } = draft.input
  draft.plan.steps = draft.plan.steps.filter(({ action }) => action !== 'startContainer' && action !== 'pullImage')
  for (const sidecar of (pod.spec.initContainers ?? []).filter(isSidecar)) {
    const running = here.find(({ name, state }) => name === sidecar.name && state === 'running')
    if (running === undefined) continue
    const { id: containerID } = running
    draft.add({
      action: 'killContainer',
      container: sidecar.name,
      containerID,
      gracePeriodSeconds: graceOf(pod),
      why: 'MainContainersEnded',
    })
  }
}

/** Starts containers in the order of the spec: one at a time, and never past one that is still being started. Images are pulled at once. */
class StartOrder {
  readonly #draft: PlanDraft
  readonly #sandbox: ObservedSandbox | undefined
  #blocked = false

  constructor(draft: PlanDraft, sandbox: ObservedSandbox | undefined) {
    this.#draft = draft
    this.#sandbox = sandbox
  }

  /** @returns whether the container runs and, by its startup probe, has started */
  keepRunning(container: Container, last: ObservedContainer | undefined): boolean {
    const { pod, memory } = this.#draft.input
    if (memory.inFlight.includes(`startContainer:${container.name}`)) {
      this.#blocked = true
      return false
    }
    switch (last?.state) {
      case 'running':
        return this.#watch(container, last)
      case 'created':
      case 'unknown':
        // Left by a crash of ours between creating and starting it. Its place is free once it is removed.
        this.#draft.add({ action: 'removeContainer', containerID: last.id })
        this.#blocked = true
        return false
      case 'exited':
        if (shouldRestart(pod, container, last.exitCode) && this.#backOffIsOver(container, last)) this.#start(container)
        return false
      default:
        this.#start(container)
        return false
    }
  }

  /** Ephemeral containers: never started again, whatever becomes of them. */
  startOnce(container: Container): void {
    const { memory, observed } = this.#draft.input
    if (memory.inFlight.includes(`startContainer:${container.name}`)) return
    const known = observed.containers.filter(({ name }) => name === container.name)
    const unstarted = known.find(({ state }) => state === 'created')
    if (unstarted !== undefined) this.#draft.add({ action: 'removeContainer', containerID: unstarted.id })
    else if (known.length === 0) this.#start(container)
  }

  #watch(container: Container, running: ObservedContainer): boolean {
    const { pod, memory } = this.#draft.input
    const probes = memory.probes[running.id]
    const kill = { action: 'killContainer', container: container.name, containerID: running.id, gracePeriodSeconds: graceOf(pod) } as const
    if (isChanged(container, running)) this.#draft.add({ ...kill, why: 'DefinitionChanged' })
    else if (probes?.failed === 'liveness') this.#draft.add({ ...kill, why: 'FailedLivenessProbe' })
    else if (probes?.failed === 'startup') this.#draft.add({ ...kill, why: 'FailedStartupProbe' })
    return probes?.started ?? container.startupProbe === undefined
  }

  #backOffIsOver(container: Container, last: ObservedContainer): boolean {
    const { memory, nowMs } = this.#draft.input
    // What crashed was another program.
    if (isChanged(container, last)) return true
    const backOff = memory.crashes[container.name]
    const untilMs = backOffUntilMs(backOff, last.finishedAtMs, crashBackOffLimits)
    if (backOff === undefined || untilMs === undefined || untilMs <= nowMs) return true
    this.#draft.plan.backingOff.push({ container: container.name, untilMs, delayMs: backOff.delayMs, failedAtMs: last.finishedAtMs })
    this.#draft.wakeAt({
      atMs: untilMs,
      reason: `the back-off of ${formatDuration(backOff.delayMs)} of container ${container.name} is over`,
    })
    return false
  }

  #start(container: Container): void {
    const { memory, observed, shown } = this.#draft.input
    if (!this.#draft.isDue(memory.startRetryAtMs[container.name], `container ${container.name} is tried again`)) return
    const known = memory.images[container.name]
    // What failed for another image says nothing about this one.
    const image = known?.failure === undefined || known.failure.image === container.image ? known : undefined
    if (image?.ref === undefined) {
      if (!this.#draft.isDue(image?.retryAtMs, `the back-off of pulling image ${container.image} is over`)) return
      this.#draft.add({ action: 'pullImage', container: container.name })
      this.#blocked = true
      return
    }
    const [sandbox, blocked] = [this.#sandbox, this.#blocked]
    this.#blocked = true
    if (sandbox === undefined || blocked || !memory.volumesMounted) return
    // Containers of earlier sandboxes count: a restart is a restart.
    const last = observed.containers.find(({ name, state }) => name === container.name && state !== 'created')
    const restartCount = last === undefined ? restartsBefore(statusOf(container, shown)) : last.restartCount + 1
    this.#draft.add({ action: 'startContainer', container: container.name, sandboxID: sandbox.id, imageRef: image.ref, restartCount })
  }
}

function statusOf({ name }: Container, { initContainerStatuses = [], containerStatuses = [] }: PodStatus): ContainerStatus | undefined {
  return [...initContainerStatuses, ...containerStatuses].find(each => each.name === name)
}

/** Whether the container was made from another definition than today's. */
export function isChanged(container: Container, { hash }: ObservedContainer): boolean {
  return hash !== '' && hash !== hashContainer(container)
}

export function graceOf(pod: Pod): number {
  return pod.spec.terminationGracePeriodSeconds ?? 30
}
