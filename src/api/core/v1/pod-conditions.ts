import type { Pod, PodCondition, PodStatus } from './types.gen.ts'

export function findCondition<T extends { type: string }>(conditions: readonly T[] | undefined, type: string): T | undefined {
  return conditions?.find(condition => condition.type === type)
}

/**
 * Sets the condition of that type: the status gets another list. The transition time is kept while the status stays the same, and is `nowText` otherwise.
 * @returns whether anything changed
 */
export function setPodCondition(status: PodStatus, condition: PodCondition, nowText: string): boolean {
  const conditions = status.conditions ?? []
  const index = conditions.findIndex(({ type }) => type === condition.type)
  const old = conditions[index]
  const next: PodCondition = { lastProbeTime: null, ...condition, lastTransitionTime: nowText }
  if (old === undefined) {
    status.conditions = conditions.concat(next)
    return true
  }
  if (old.status === condition.status) {
    if (old.lastTransitionTime === undefined) delete next.lastTransitionTime
    else next.lastTransitionTime = old.lastTransitionTime
  }
  status.conditions = conditions.with(index, next)
  return (
    old.status !== next.status ||
    (old.reason ?? '') !== (next.reason ?? '') ||
    (old.message ?? '') !== (next.message ?? '') ||
    (old.lastProbeTime ?? null) !== (next.lastProbeTime ?? null) ||
    old.lastTransitionTime !== next.lastTransitionTime ||
    (old.observedGeneration ?? 0) !== (next.observedGeneration ?? 0)
  )
}

export function isPodReady(pod: Pod): boolean {
  return findCondition(pod.status?.conditions, 'Ready')?.status === 'True'
}

/** Ready for at least `minReadySeconds` at `nowMs`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = findCondition(pod.status?.conditions, 'Ready')
  if (ready?.status !== 'True') return false
  if (minReadySeconds === 0) return true
  const { lastTransitionTime: sinceText } = ready
  return sinceText !== undefined && sinceText !== null && Date.parse(sinceText) + minReadySeconds * 1000 <= nowMs
}

/** Succeeded or Failed: no container will ever run again. */
export function isPodTerminal(pod: Pod): boolean {
  return isTerminalPhase(pod.status?.phase)
}

export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed'
}

/** The generation that a status observes: what writers of status and conditions report (PodObservedGenerationTracking). */
export function observedGenerationOf(pod: Pod): number {
  return pod.metadata.generation ?? 0
}
