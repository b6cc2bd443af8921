import { isSidecar } from '#api/core/v1/containers.ts'
import { limits } from '../limits.ts'
import type { ObservedContainer } from '../runtime/observed.ts'
import type { Termination } from './memory.ts'
import type { PlanDraft } from './plan-draft.ts'

/** The way out: containers, sandboxes, volumes and cgroup, the API object, at last the traces on disk. */
export function planTermination(draft: PlanDraft): void {
  const { pod, observed, memory } = draft.input
  const { termination } = memory
  if (termination === undefined) return
  // What is being started would come to life behind our back: it is waited for, then killed with the others.
  if (memory.inFlight.some(key => key.startsWith('startContainer:') || key === 'createSandbox')) return killRunning(draft, termination)
  if (observed.containers.some(({ state }) => state === 'running')) return killRunning(draft, termination)
  const unstopped = observed.sandboxes.filter(({ id }) => !memory.stoppedSandboxes.includes(id))
  for (const { id } of unstopped) draft.add({ action: 'stopSandbox', sandboxID: id })
  if (unstopped.length > 0) return
  if (!memory.cleaned) {
    if (!memory.inFlight.some(key => key === 'mountVolumes' || key === 'prepareNode')) draft.add({ action: 'cleanUp' })
    return
  }
  if (!memory.removed) {
    if (pod.metadata.deletionTimestamp !== undefined && !memory.deleted) draft.add({ action: 'deletePod' })
    return
  }
  for (const { id } of observed.sandboxes) draft.add({ action: 'removeSandbox', sandboxID: id })
  if (observed.sandboxes.length > 0) return
  for (const { id } of observed.containers) draft.add({ action: 'removeContainer', containerID: id })
  if (observed.containers.length > 0) return
  if (!memory.swept) draft.add({ action: 'sweep' })
  else draft.plan.done = true
}

/** Everything at once, but sidecars only after the containers that they serve, the last one first (KEP-753). */
function killRunning(draft: PlanDraft, termination: Termination): void {
  const { pod, observed, nowMs } = draft.input
  const running = observed.containers.filter(({ state }) => state === 'running')
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name)
  const mains = running.filter(({ name }) => !sidecars.includes(name))
  const passedSeconds = Math.floor((nowMs - termination.sinceMs) / 1000)
  const left = Math.max(limits.gracePeriodSecondsMin, termination.gracePeriodSeconds - passedSeconds)
  const kill = ({ id, name }: ObservedContainer, gracePeriodSeconds: number) =>
    draft.add({ action: 'killContainer', container: name, containerID: id, gracePeriodSeconds, why: 'Stopping' })
  for (const container of mains) kill(container, termination.gracePeriodSeconds)
  if (mains.length > 0) return
  const last = sidecars.toReversed().find(name => running.some(container => container.name === name))
  for (const container of running) if (container.name === last && !isBeingKilled(draft, container.id)) kill(container, left)
}

/** `left` shrinks with every look: only a shortened grace period is a reason to kill again. */
function isBeingKilled(draft: PlanDraft, containerID: string): boolean {
  const prefix = `killContainer:${containerID}:`
  const graceMax = Math.max(limits.gracePeriodSecondsMin, draft.input.memory.termination?.gracePeriodSeconds ?? 0)
  return draft.input.memory.inFlight.some(key => key.startsWith(prefix) && Number(key.slice(prefix.length)) <= graceMax)
}
