import type { QOSClass } from '#api/core/v1/qos.ts'
import type { Container, Pod } from '#api/core/v1/types.gen.ts'
import { SharedValues } from '#base/shared-values.ts'
import type { ContainerConfigInit } from '#cri/cri.ts'
import { Signal } from '#cri/gen/runtime.gen.ts'
import { containerAnnotations, containerLabels } from '../runtime/labels.ts'
import { containerLogPath } from '../sandbox/sandbox-config.ts'
import { expandVariables } from './expansion.ts'
import type { MountInit } from './mounts.ts'
import { type LinuxResources, linuxResources, oomScoreAdjust } from './resources.ts'
import { containerSecurity, type ImageUser } from './security-context.ts'

export interface ContainerConfigInput {
  pod: Pod
  container: Container
  restartCount: number
  imageRef: string
  imageUser: ImageUser
  variables: readonly { name: string; value: string }[]
  mounts: MountInit[]
  qos: QOSClass
  nodeMemoryBytes: number
  seccompRoot: string
  /** The container whose processes this one shall see. */
  targetContainerID?: string | undefined
}

type ResourcesInit = NonNullable<NonNullable<ContainerConfigInit['linux']>['resources']>

const knownResources = new SharedValues<ResourcesInit>()

function resourcesOf(resources: LinuxResources, oomScoreAdj: number): ResourcesInit {
  const { cpuShares, cpuQuotaUs, cpuPeriodUs, memoryLimitBytes } = resources
  return knownResources.get(`${cpuShares} ${cpuQuotaUs} ${cpuPeriodUs} ${memoryLimitBytes} ${oomScoreAdj}`, () => ({
    cpuShares: BigInt(cpuShares),
    cpuQuota: BigInt(cpuQuotaUs),
    cpuPeriod: BigInt(cpuPeriodUs),
    memoryLimitInBytes: BigInt(memoryLimitBytes),
    oomScoreAdj: BigInt(oomScoreAdj),
  }))
}

/** What the runtime is told about a container. */
export function containerConfig(input: ContainerConfigInput): ContainerConfigInit {
  const { pod, container, restartCount, imageRef, imageUser, variables, mounts, qos, nodeMemoryBytes, seccompRoot, targetContainerID } =
    input
  const values = new Map(variables.map(({ name, value }) => [name, value]))
  const expand = (text: string) => expandVariables(text, name => values.get(name))
  const { requests, limits } = container.resources ?? {}
  const stopSignal = container.lifecycle?.stopSignal
  return {
    metadata: { name: container.name, attempt: restartCount },
    image: { image: imageRef, userSpecifiedImage: container.image ?? '' },
    command: (container.command ?? []).map(expand),
    args: (container.args ?? []).map(expand),
    workingDir: container.workingDir ?? '',
    envs: variables.map(({ name, value }) => ({ key: name, value: Buffer.from(value) })),
    mounts,
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, restartCount),
    logPath: containerLogPath(container, restartCount),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    ...(stopSignal !== undefined && { stopSignal: Signal[stopSignal as keyof typeof Signal] ?? Signal.RUNTIME_DEFAULT }),
    linux: {
      resources: resourcesOf(linuxResources(requests, limits), oomScoreAdjust(pod, container, qos, nodeMemoryBytes)),
      securityContext: containerSecurity(pod, container, { imageUser, extraGroups: [], seccompRoot, targetContainerID }),
    },
  }
}
