import { isSidecar } from '#api/core/v1/containers.ts'
import type { Container, ContainerStatus, Pod, PodStatus } from '#api/core/v1/types.gen.ts'
import { shouldRestart } from './restart-policy.ts'

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

/** What the statuses of the containers add up to. `terminating`: nothing will be started again. */
export function phaseOf(pod: Pod, status: Pick<PodStatus, 'initContainerStatuses' | 'containerStatuses'>, terminating: boolean): PodPhase {
  const inits = initProgress(pod, status.initContainerStatuses ?? [], terminating)
  const counts = countStates(pod, status.containerStatuses ?? [], terminating)
  if (inits === 'failed') return 'Failed'
  const begun = counts.running > 0 || counts.ended + counts.restarting > 0
  if (inits === 'pending' && !begun) return 'Pending'
  if (counts.waiting > 0) return 'Pending'
  if (counts.running > 0 || counts.restarting > 0) return 'Running'
  if (counts.ended === 0) return 'Pending'
  if (!terminating && sidecarsRun(pod, status.initContainerStatuses ?? [])) return 'Running'
  return counts.failed > 0 ? 'Failed' : 'Succeeded'
}

function countStates(pod: Pod, statuses: readonly ContainerStatus[], terminating: boolean) {
  const counts = { waiting: 0, running: 0, restarting: 0, ended: 0, failed: 0 }
  for (const container of pod.spec.containers) {
    const status = statuses.find(({ name }) => name === container.name)
    const terminated = status?.state?.terminated ?? (status?.state?.running === undefined ? status?.lastState?.terminated : undefined)
    if (status?.state?.running !== undefined) counts.running++
    else if (terminated === undefined) counts.waiting++
    else if (!terminating && shouldRestart(pod, container, terminated.exitCode)) counts.restarting++
    else {
      counts.ended++
      if (terminated.exitCode !== 0) counts.failed++
    }
  }
  return counts
}

function initProgress(pod: Pod, statuses: readonly ContainerStatus[], terminating: boolean): 'done' | 'pending' | 'failed' {
  let pending = false
  for (const container of pod.spec.initContainers ?? []) {
    const status = statuses.find(({ name }) => name === container.name)
    if (isSidecar(container)) {
      if (status?.started !== true) pending = true
      continue
    }
    const terminated = status?.state?.terminated ?? status?.lastState?.terminated
    if (status?.state?.terminated?.exitCode === 0) continue
    if (
      status?.state?.running === undefined &&
      terminated !== undefined &&
      terminated.exitCode !== 0 &&
      isFinal(pod, container, terminated.exitCode, terminating)
    )
      return 'failed'
    pending = true
  }
  return pending ? 'pending' : 'done'
}

function isFinal(pod: Pod, container: Container, exitCode: number, terminating: boolean): boolean {
  return terminating || !shouldRestart(pod, container, exitCode)
}

function sidecarsRun(pod: Pod, statuses: readonly ContainerStatus[]): boolean {
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name)
  return statuses.some(({ name, state }) => sidecars.includes(name) && state?.running !== undefined)
}
