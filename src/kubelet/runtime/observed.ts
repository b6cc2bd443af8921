/** What the runtime says about a pod, as plain JSON: the input of planning and of status. */
import { SharedValues } from '#base/shared-values.ts'
import type { Container as CRIContainer, ContainerStatus, LinuxContainerUser, PodSandboxStatus } from '#cri/gen/runtime.gen.ts'
import { ContainerState, PodSandboxState } from '#cri/gen/runtime.gen.ts'
import { containerNameLabel, readContainerAnnotations } from './labels.ts'

export interface ObservedSandbox {
  id: string
  attempt: number
  ready: boolean
  /** With fractions. */
  createdAtMs: number
  /** Empty for pods on the node's own network. */
  ips: readonly string[]
}

export interface ObservedContainer {
  id: string
  name: string
  sandboxID: string
  state: 'created' | 'running' | 'exited' | 'unknown'
  restartCount: number
  hash: string
  /** With fractions. */
  createdAtMs: number
  startedAtMs: number
  finishedAtMs: number
  exitCode: number
  /** The runtime's word: `Completed`, `Error`, `OOMKilled`, `StartError`, …; '' while it runs. */
  reason: string
  message: string
  image: string
  imageID: string
  logPath: string
  podGracePeriodSeconds?: number | undefined
  user?: LinuxUser | undefined
}

/** Shared by all containers that run as the same one: nobody changes it. */
interface LinuxUser {
  uid: number
  gid: number
  supplementalGroups: number[]
}

export interface ObservedPod {
  uid: string
  name: string
  namespace: string
  /** Newest first. */
  sandboxes: readonly ObservedSandbox[]
  /** Newest first. */
  containers: readonly ObservedContainer[]
}

export function observeSandbox(status: PodSandboxStatus): ObservedSandbox {
  const { ip = '', additionalIps = [] } = status.network ?? {}
  const others = additionalIps.map(additional => additional.ip).filter(each => each !== '')
  return {
    id: status.id,
    attempt: status.metadata?.attempt ?? 0,
    ready: status.state === PodSandboxState.SANDBOX_READY,
    createdAtMs: preciseMillisecondsOf(status.createdAt),
    ips: ip === '' ? others : [ip].concat(others),
  }
}

/**
 * @param sandboxID the status message of older runtimes does not say it, only the list does
 * @param message what the container left as its termination message; the runtime's own message when undefined
 */
export function observeContainer(status: ContainerStatus, sandboxID: string, message?: string): ObservedContainer {
  const note = readContainerAnnotations(status.annotations)
  return {
    id: status.id,
    name: status.labels[containerNameLabel] ?? status.metadata?.name ?? '',
    sandboxID,
    state: stateOf(status.state),
    restartCount: note.restartCount,
    hash: note.hash,
    createdAtMs: preciseMillisecondsOf(status.createdAt),
    startedAtMs: millisecondsOf(status.startedAt),
    finishedAtMs: millisecondsOf(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: message ?? status.message,
    image: status.image?.image ?? '',
    imageID: status.imageRef,
    logPath: status.logPath,
    podGracePeriodSeconds: note.podGracePeriodSeconds,
    user: observeUser(status.user?.linux),
  }
}

const users = new SharedValues<LinuxUser>()

function observeUser(user: LinuxContainerUser | undefined): LinuxUser | undefined {
  if (user === undefined) return undefined
  const { uid, gid, supplementalGroups } = user
  const make = () => ({ uid: Number(uid), gid: Number(gid), supplementalGroups: supplementalGroups.map(Number) })
  return users.get(`${uid} ${gid} ${supplementalGroups.join(' ')}`, make)
}

export function stateOf(state: CRIContainer['state']): ObservedContainer['state'] {
  switch (state) {
    case ContainerState.CONTAINER_CREATED:
      return 'created'
    case ContainerState.CONTAINER_RUNNING:
      return 'running'
    case ContainerState.CONTAINER_EXITED:
      return 'exited'
    default:
      return 'unknown'
  }
}

/** CRI times are nanoseconds since 1970, 0 for never. */
/** With fractions: of two that were created within one millisecond the newer one must be known. */
function preciseMillisecondsOf(nanoseconds: bigint): number {
  return millisecondsOf(nanoseconds) + Number(nanoseconds % 1_000_000n) / 1e6
}

function millisecondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n)
}
