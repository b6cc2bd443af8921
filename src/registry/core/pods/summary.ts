import { isSidecar } from '#api/core/v1/containers.ts'
import { findCondition, isTerminalPhase } from '#api/core/v1/pod-conditions.ts'
import type { ContainerStateTerminated, ContainerStatus, Pod } from '#api/core/v1/types.gen.ts'

/** A pod in four words, as `kubectl get pods` shows it. */
export interface PodSummary {
  ready: number
  total: number
  reason: string
  restarts: number
  /** Time of the last restart; undefined for none. */
  lastRestart: string | undefined
}

/** What the kubelet's node, being gone, left behind. */
const nodeLostReason = 'NodeLost'

interface Restarts {
  count: number
  last: string | undefined
}

export function summarizePod(pod: Pod): PodSummary {
  const { spec, status = {}, metadata } = pod
  const sidecars = new Set((spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name))
  const total = (spec.containers ?? []).length + sidecars.size
  let reason = status.reason || status.phase || ''
  if (status.conditions?.some(({ type, reason: why }) => type === 'PodScheduled' && why === 'SchedulingGated')) reason = 'SchedulingGated'
  const init = summarizeInit(pod, sidecars)
  let { ready } = init
  let restarts = init.restarts
  if (init.reason !== undefined) reason = init.reason
  if (init.reason === undefined || findCondition(status.conditions, 'Initialized')?.status === 'True') {
    const regular = summarizeRegular(status.containerStatuses ?? [], init.sidecarRestarts)
    ready += regular.ready
    restarts = regular.restarts
    if (regular.reason !== undefined) reason = regular.reason
    if (reason === 'Completed' && regular.hasRunning) {
      reason = findCondition(status.conditions, 'Ready')?.status === 'True' ? 'Running' : 'NotReady'
    }
  }
  if (metadata.deletionTimestamp !== undefined) {
    if (status.reason === nodeLostReason) reason = 'Unknown'
    else if (!isTerminalPhase(status.phase)) reason = 'Terminating'
  }
  return { ready, total, reason, restarts: restarts.count, lastRestart: restarts.last }
}

function summarizeInit({ spec, status }: Pod, sidecars: ReadonlySet<string>) {
  const restarts: Restarts = { count: 0, last: undefined }
  const sidecarRestarts: Restarts = { count: 0, last: undefined }
  let ready = 0
  let reason: string | undefined
  for (const [index, container] of (status?.initContainerStatuses ?? []).entries()) {
    countRestarts(restarts, container)
    const isSidecarStatus = sidecars.has(container.name)
    if (isSidecarStatus) countRestarts(sidecarRestarts, container)
    const { terminated, waiting } = container.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (isSidecarStatus && container.started === true) {
      if (container.ready) ready++
      continue
    }
    if (terminated !== undefined) reason = `Init:${terminated.reason || exitText(terminated)}`
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') reason = `Init:${waiting.reason}`
    else reason = `Init:${index}/${(spec.initContainers ?? []).length}`
    break
  }
  return { ready, restarts, sidecarRestarts, reason }
}

function summarizeRegular(statuses: readonly ContainerStatus[], before: Restarts) {
  const restarts: Restarts = { ...before }
  let ready = 0
  let reason: string | undefined
  let hasRunning = false
  for (const container of statuses.toReversed()) {
    countRestarts(restarts, container)
    const { waiting, terminated, running } = container.state ?? {}
    if (waiting?.reason) reason = waiting.reason
    else if (terminated !== undefined) reason = terminated.reason || exitText(terminated)
    else if (container.ready && running !== undefined) {
      hasRunning = true
      ready++
    }
  }
  return { ready, restarts, reason, hasRunning }
}

function exitText({ signal, exitCode }: ContainerStateTerminated): string {
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`
}

function countRestarts(restarts: Restarts, { restartCount, lastState }: ContainerStatus): void {
  restarts.count += restartCount ?? 0
  const finished = lastState?.terminated?.finishedAt
  if (finished && (restarts.last === undefined || Date.parse(finished) > Date.parse(restarts.last))) restarts.last = finished
}
