import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { isSidecar } from '#api/core/v1/containers.ts'
import type { Container, ContainerState, ContainerStateTerminated, ContainerStatus, Pod } from '#api/core/v1/types.gen.ts'
import type { ObservedContainer, ObservedPod } from '../runtime/observed.ts'
import type { PodMemory } from './memory.ts'
import { runsPostStart } from './post-start.ts'
import { shouldRestart } from './restart-policy.ts'
import { waitingOf } from './waiting.ts'

export interface ContainerStatusInput {
  pod: Pod
  observed: ObservedPod
  memory: PodMemory
  nowMs: number
  /** `containerd`: the scheme of container IDs. */
  runtimeName: string
}

type Kind = 'init' | 'regular' | 'ephemeral'

export function containerStatusOf(
  input: ContainerStatusInput,
  container: Container,
  kind: Kind,
  previous: ContainerStatus | undefined,
): ContainerStatus {
  const status = statusOf(input, container, kind, previous)
  // Nothing waits for an ephemeral container.
  if (kind === 'ephemeral') {
    status.ready = false
    delete status.started
  }
  return status
}

function statusOf(input: ContainerStatusInput, container: Container, kind: Kind, previous: ContainerStatus | undefined): ContainerStatus {
  const { pod, observed, memory, runtimeName } = input
  // A container that is created but not yet started says nothing yet: the last one still does.
  const isStarted = (each: ObservedContainer) => each.state !== 'created' && !runsPostStart(container, each, memory)
  const [current, earlier] = observed.containers.filter(each => each.name === container.name && isStarted(each))
  if (current === undefined) return unobservedStatus(input, container, kind, previous)
  const status: ContainerStatus = {
    ...baseStatus(container),
    restartCount: current.restartCount,
    image: current.image || container.image || '',
    imageID: current.imageID,
    containerID: `${runtimeName}://${current.id}`,
    state: {},
    lastState: {},
  }
  if (earlier?.state === 'exited') status.lastState = { terminated: terminatedState(earlier, runtimeName) }
  if (current.state === 'running') {
    status.state = { running: { startedAt: formatTime(current.startedAtMs) } }
    const probes = memory.probes[current.id]
    status.started = probes?.started ?? container.startupProbe === undefined
    status.ready =
      kind !== 'init' || isSidecar(container) ? status.started && (probes?.ready ?? container.readinessProbe === undefined) : false
    if (current.user !== undefined) status.user = { linux: current.user }
  } else if (current.state === 'exited') {
    const terminated = terminatedState(current, runtimeName)
    const willRestart = kind !== 'ephemeral' && memory.termination === undefined && shouldRestart(pod, container, current.exitCode)
    const waiting = willRestart ? waitingOf(input, container.name) : undefined
    status.state = waiting === undefined ? { terminated } : { waiting }
    if (waiting !== undefined) status.lastState = { terminated }
    status.ready = kind === 'init' && !isSidecar(container) && current.exitCode === 0
  } else {
    status.state = { waiting: waitingOf(input, container.name) ?? defaultWaiting(pod) }
  }
  return status
}

function baseStatus(container: Container): ContainerStatus {
  const { requests, limits } = container.resources ?? {}
  const status: ContainerStatus = {
    name: container.name,
    ready: false,
    restartCount: 0,
    image: container.image ?? '',
    imageID: '',
    started: false,
    resources: { ...(limits !== undefined && { limits }), ...(requests !== undefined && { requests }) },
  }
  if (requests !== undefined && Object.keys(requests).length > 0) status.allocatedResources = requests
  const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => ({
    name,
    mountPath,
    ...(readOnly === true && { readOnly, recursiveReadOnly: 'Disabled' }),
  }))
  if (mounts.length > 0) status.volumeMounts = mounts
  return status
}

/** The runtime has no such container: not yet, or no longer. */
function unobservedStatus(
  input: ContainerStatusInput,
  container: Container,
  kind: Kind,
  previous: ContainerStatus | undefined,
): ContainerStatus {
  const { pod, memory } = input
  // What ended stays ended, also after its container was removed.
  if (previous?.state?.terminated !== undefined) return { ...previous, ready: kind === 'init' && previous.ready }
  const base = baseStatus(container)
  const waiting: ContainerState = { waiting: waitingOf(input, container.name) ?? defaultWaiting(pod) }
  if (previous?.state?.running === undefined)
    return { ...base, restartCount: restartsBefore(previous), lastState: previous?.lastState ?? {}, state: waiting }
  const lost: ContainerState = {
    terminated: {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was terminated',
    },
  }
  const { restartCount, image, imageID } = previous
  if (memory.termination !== undefined) return { ...base, image, imageID, restartCount, state: lost, lastState: {} }
  return { ...base, image, imageID, restartCount: restartsBefore(previous), state: waiting, lastState: lost }
}

/** How often a container was started before, by what was last shown of it, when the runtime has no trace of it: the count goes on. */
export function restartsBefore(shown: ContainerStatus | undefined): number {
  if (shown === undefined) return 0
  const hasStarted = shown.state?.running !== undefined || shown.state?.terminated !== undefined
  return hasStarted ? shown.restartCount + 1 : shown.restartCount
}

function defaultWaiting(pod: Pod): { reason: string } {
  return { reason: (pod.spec.initContainers?.length ?? 0) > 0 ? 'PodInitializing' : 'ContainerCreating' }
}

function terminatedState(container: ObservedContainer, runtimeName: string): ContainerStateTerminated {
  return {
    exitCode: container.exitCode,
    ...(container.reason !== '' && { reason: container.reason }),
    ...(container.message !== '' && { message: container.message }),
    startedAt: formatTime(container.startedAtMs),
    finishedAt: formatTime(container.finishedAtMs),
    containerID: `${runtimeName}://${container.id}`,
  }
}
