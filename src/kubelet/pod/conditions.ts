import { isSidecar } from '#api/core/v1/containers.ts'
import type { ContainerStatus, Pod, PodCondition, PodStatus } from '#api/core/v1/types.gen.ts'

/** Conditions that the kubelet decides, in upstream's order, without times. Everybody else's are left alone. */
export function conditionsOf(pod: Pod, status: PodStatus, sandboxReady: boolean): PodCondition[] {
  const observedGeneration = pod.metadata.generation
  const containersReady = containersReadyCondition(pod, status)
  const conditions: PodCondition[] = [
    { type: 'PodReadyToStartContainers', status: sandboxReady ? 'True' : 'False' },
    initializedCondition(pod, status),
    readyCondition(pod, status, containersReady),
    containersReady,
    { type: 'PodScheduled', status: 'True' },
  ]
  if (observedGeneration !== undefined) for (const condition of conditions) condition.observedGeneration = observedGeneration
  return conditions
}

/** Types that `conditionsOf` decides. */
export const ownedConditionTypes: readonly string[] = [
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
]

function initializedCondition(pod: Pod, { phase, initContainerStatuses = [], containerStatuses = [] }: PodStatus): PodCondition {
  const type = 'Initialized'
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' }
  const unknown: string[] = []
  const incomplete: string[] = []
  for (const container of pod.spec.initContainers ?? []) {
    const status = initContainerStatuses.find(({ name }) => name === container.name)
    if (status === undefined) unknown.push(container.name)
    else if (isSidecar(container) ? status.started !== true : !status.ready) incomplete.push(container.name)
  }
  // Once the pod's own containers were begun, a sidecar that restarts does not make the pod uninitialized.
  const begun = containerStatuses.some(
    ({ state, lastState }) => state?.running !== undefined || state?.terminated !== undefined || lastState?.terminated !== undefined,
  )
  if (begun || (unknown.length === 0 && incomplete.length === 0)) return { type, status: 'True' }
  return { type, status: 'False', reason: 'ContainersNotInitialized', message: containersMessage(unknown, 'incomplete', incomplete) }
}

function containersReadyCondition(pod: Pod, { phase, initContainerStatuses = [], containerStatuses = [] }: PodStatus): PodCondition {
  const type = 'ContainersReady'
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' }
  const unknown: string[] = []
  const unready: string[] = []
  const check = (name: string, statuses: readonly ContainerStatus[]) => {
    const status = statuses.find(each => each.name === name)
    if (status === undefined) unknown.push(name)
    else if (!status.ready) unready.push(name)
  }
  for (const container of pod.spec.initContainers ?? []) if (isSidecar(container)) check(container.name, initContainerStatuses)
  for (const { name } of pod.spec.containers) check(name, containerStatuses)
  if (unknown.length === 0 && unready.length === 0) return { type, status: 'True' }
  return { type, status: 'False', reason: 'ContainersNotReady', message: containersMessage(unknown, 'unready', unready) }
}

function containersMessage(unknown: readonly string[], word: string, others: readonly string[]): string {
  const parts: string[] = []
  if (unknown.length > 0) parts.push(`containers with unknown status: [${unknown.join(' ')}]`)
  if (others.length > 0) parts.push(`containers with ${word} status: [${others.join(' ')}]`)
  return parts.join(', ')
}

function readyCondition(pod: Pod, status: PodStatus, containersReady: PodCondition): PodCondition {
  const type = 'Ready'
  if (containersReady.status !== 'True') return { ...containersReady, type }
  const problems: string[] = []
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const gate = pod.status?.conditions?.find(condition => condition.type === conditionType)
    if (gate === undefined) problems.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`)
    else if (gate.status !== 'True') problems.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`)
  }
  if (problems.length === 0) return { type, status: 'True' }
  return { type, status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') }
}
