import type { Container, Pod, SeccompProfile } from '#api/core/v1/types.gen.ts'
import type { ContainerConfigInit, PodSandboxConfigInit } from '#cri/cri.ts'
import { NamespaceMode, SecurityProfile_ProfileType, SupplementalGroupsPolicy } from '#cri/gen/runtime.gen.ts'
import { ContainerConfigError } from './environment.ts'

type SandboxSecurity = NonNullable<NonNullable<PodSandboxConfigInit['linux']>['securityContext']>
type ContainerSecurity = NonNullable<NonNullable<ContainerConfigInit['linux']>['securityContext']>

const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

function namespaceOptions({ spec }: Pod) {
  return {
    network: spec.hostNetwork === true ? NamespaceMode.NODE : NamespaceMode.POD,
    pid: spec.hostPID === true ? NamespaceMode.NODE : spec.shareProcessNamespace === true ? NamespaceMode.POD : NamespaceMode.CONTAINER,
    ipc: spec.hostIPC === true ? NamespaceMode.NODE : NamespaceMode.POD,
  }
}

export function sandboxSecurity(pod: Pod, extraGroups: readonly number[], seccompRoot: string): SandboxSecurity {
  const context = pod.spec.securityContext ?? {}
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
  return {
    namespaceOptions: namespaceOptions(pod),
    privileged: containers.some(({ securityContext }) => securityContext?.privileged === true),
    supplementalGroups: groupsOf(pod, extraGroups),
    supplementalGroupsPolicy: groupsPolicy(context.supplementalGroupsPolicy),
    // The sandbox's own process is ours, it never needs more.
    seccomp: seccompOf(context.seccompProfile ?? { type: 'RuntimeDefault' }, seccompRoot),
    ...(context.runAsUser !== undefined && { runAsUser: { value: BigInt(context.runAsUser) } }),
    ...(context.runAsGroup !== undefined && context.runAsUser !== undefined && { runAsGroup: { value: BigInt(context.runAsGroup) } }),
  }
}

export interface ImageUser {
  /** Undefined when the image names its user instead. */
  uid: number | undefined
  username: string
}

export function containerSecurity(
  pod: Pod,
  container: Container,
  from: { imageUser: ImageUser; extraGroups: readonly number[]; seccompRoot: string; targetContainerID?: string | undefined },
): ContainerSecurity {
  const own = container.securityContext ?? {}
  const shared = pod.spec.securityContext ?? {}
  const runAsUser = own.runAsUser ?? shared.runAsUser
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup
  const privileged = own.privileged === true
  const unmasked = own.procMount === 'Unmasked'
  const target = from.targetContainerID === undefined ? {} : { pid: NamespaceMode.TARGET, targetId: from.targetContainerID }
  return {
    namespaceOptions: { ...namespaceOptions(pod), ...target },
    privileged,
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    noNewPrivs: own.allowPrivilegeEscalation === false,
    supplementalGroups: groupsOf(pod, from.extraGroups),
    supplementalGroupsPolicy: groupsPolicy(shared.supplementalGroupsPolicy),
    seccomp: seccompOf(privileged ? { type: 'Unconfined' } : (own.seccompProfile ?? shared.seccompProfile), from.seccompRoot),
    maskedPaths: unmasked || privileged ? [] : maskedPaths,
    readonlyPaths: unmasked || privileged ? [] : readonlyPaths,
    ...(own.capabilities !== undefined && {
      capabilities: { addCapabilities: own.capabilities.add ?? [], dropCapabilities: own.capabilities.drop ?? [] },
    }),
    ...userOf(runAsUser, from.imageUser),
    ...(runAsGroup !== undefined && { runAsGroup: { value: BigInt(runAsGroup) } }),
  }
}

function userOf(runAsUser: number | undefined, image: ImageUser): Pick<ContainerSecurity, 'runAsUser' | 'runAsUsername'> {
  if (runAsUser !== undefined) return { runAsUser: { value: BigInt(runAsUser) } }
  if (image.uid !== undefined) return { runAsUser: { value: BigInt(image.uid) } }
  return image.username === '' ? {} : { runAsUsername: image.username }
}

function groupsOf({ spec }: Pod, extraGroups: readonly number[]): bigint[] {
  const { fsGroup, supplementalGroups = [] } = spec.securityContext ?? {}
  const groups = [...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup]), ...extraGroups]
  return groups.length === 0 ? [] : [...new Set(groups)].map(BigInt)
}

function groupsPolicy(policy: string | undefined) {
  return policy === 'Strict' ? SupplementalGroupsPolicy.Strict : SupplementalGroupsPolicy.Merge
}

function seccompOf(profile: SeccompProfile | undefined, seccompRoot: string) {
  if (profile?.type === 'RuntimeDefault') return { profileType: SecurityProfile_ProfileType.RuntimeDefault }
  if (profile?.type === 'Localhost')
    return { profileType: SecurityProfile_ProfileType.Localhost, localhostRef: `${seccompRoot}/${profile.localhostProfile ?? ''}` }
  return { profileType: SecurityProfile_ProfileType.Unconfined }
}

/** Refuses a container that must not run as root but would, or of which that cannot be known. @throws ContainerConfigError */
export function verifyRunAsNonRoot(pod: Pod, container: Container, image: ImageUser): void {
  const own = container.securityContext ?? {}
  const shared = pod.spec.securityContext ?? {}
  if ((own.runAsNonRoot ?? shared.runAsNonRoot) !== true) return
  const runAsUser = own.runAsUser ?? shared.runAsUser
  const { name, namespace, uid } = pod.metadata
  const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`
  if (runAsUser !== undefined) {
    if (runAsUser === 0) throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${where}`)
    return
  }
  if (image.uid === 0 || (image.uid === undefined && image.username === ''))
    throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${where}`)
  if (image.uid === undefined)
    throw new ContainerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    )
}
