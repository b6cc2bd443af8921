import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { isTerminalPhase } from '#api/core/v1/pod-conditions.ts'
import type { ContainerStatus, PodCondition, PodStatus } from '#api/core/v1/types.gen.ts'
import { conditionsOf, ownedConditionTypes } from './conditions.ts'
import { type ContainerStatusInput, containerStatusOf } from './container-status.ts'
import { phaseOf } from './phase.ts'

export interface PodStatusInput extends ContainerStatusInput {
  /** What was last reported: the API's status, or ours that is on its way there. */
  previous: PodStatus
  /** Addresses of the node, the first one of the family that comes first in the cluster. */
  hostIPs: readonly string[]
  qosClass: string
  /** Phase, reason and message that the kubelet decided itself: rejected, deadline exceeded, evicted. */
  verdict?: { reason: string; message: string } | undefined
}

/** The status to report for a pod. Pure: times come from the input, transition times from the previous status. */
export function podStatusOf(input: PodStatusInput): PodStatus {
  const { pod, observed, memory, previous, hostIPs, qosClass, nowMs } = input
  const sandbox = observed.sandboxes.find(({ ready }) => ready)
  const status: PodStatus = {
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    startTime: previous.startTime ?? formatTime(nowMs),
    qosClass: previous.qosClass ?? qosClass,
  }
  // Of a pod that the node refused nothing is told but that.
  if (memory.termination?.cause === 'Rejected') return { ...status, ...finalPhase(input) }
  // Ended before it came here.
  if (isTerminalPhase(previous.phase) && previous.containerStatuses === undefined) return previous
  if (hostIPs.length > 0) Object.assign(status, { hostIP: hostIPs[0], hostIPs: hostIPs.map(ip => ({ ip })) })
  if (previous.nominatedNodeName !== undefined) status.nominatedNodeName = previous.nominatedNodeName
  const inits = (pod.spec.initContainers ?? []).map(each =>
    containerStatusOf(input, each, 'init', named(previous.initContainerStatuses, each)),
  )
  const mains = pod.spec.containers.map(each => containerStatusOf(input, each, 'regular', named(previous.containerStatuses, each)))
  const ephemerals = (pod.spec.ephemeralContainers ?? []).map(each =>
    containerStatusOf(input, each, 'ephemeral', named(previous.ephemeralContainerStatuses, each)),
  )
  if (inits.length > 0) status.initContainerStatuses = inits
  if (ephemerals.length > 0) status.ephemeralContainerStatuses = ephemerals
  status.containerStatuses = mains
  decidePhase(status, input)
  const ips = podIPs(input)
  if (ips.length > 0) Object.assign(status, { podIP: ips[0], podIPs: ips.map(ip => ({ ip })) })
  status.conditions = withTimes(conditionsOf(pod, status, sandbox !== undefined), input)
  return status
}

/** The end of a pod is final, whatever the runtime shows later. */
function finalPhase({ previous: { phase, reason, message }, verdict }: PodStatusInput): PodStatus {
  if (!isTerminalPhase(phase)) return { phase: 'Failed', ...verdict }
  return { phase, ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) }
}

function named(statuses: readonly ContainerStatus[] | undefined, { name }: { name: string }): ContainerStatus | undefined {
  return statuses?.find(status => status.name === name)
}

function decidePhase(status: PodStatus, input: PodStatusInput): void {
  const { pod, previous, verdict, memory, observed } = input
  const runs = observed.containers.some(({ state }) => state === 'running')
  const terminating = memory.termination !== undefined && !runs
  if (isTerminalPhase(previous.phase) || verdict !== undefined) Object.assign(status, finalPhase(input))
  else status.phase = phaseOf(pod, status, terminating)
}

/** Kept after the end, as upstream does, so that it can still be seen which address the pod had. */
function podIPs({ pod, observed, previous, hostIPs }: PodStatusInput): readonly string[] {
  const sandbox = observed.sandboxes.find(({ ready }) => ready)
  if (pod.spec.hostNetwork === true) return hostIPs
  if (sandbox !== undefined) return sandbox.ips
  return (previous.podIPs ?? []).map(({ ip }) => ip)
}

function withTimes(conditions: PodCondition[], { previous, nowMs }: PodStatusInput): PodCondition[] {
  const known = previous.conditions ?? []
  for (const condition of conditions) {
    const old = known.find(({ type }) => type === condition.type)
    const unchanged = old !== undefined && old.status === condition.status
    condition.lastTransitionTime = (unchanged ? old.lastTransitionTime : undefined) ?? formatTime(nowMs)
  }
  return [...conditions, ...known.filter(({ type }) => !ownedConditionTypes.includes(type))]
}
