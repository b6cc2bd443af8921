import { shared } from '#base/shared-text.ts'
import type { ContainerConfigInit } from '../cri.ts'
import type { Container as ContainerItem, ContainerStatus, ImageSpec, LinuxContainerResources, Mount, Signal } from '../gen/runtime.gen.ts'
import { ContainerState, MountPropagation } from '../gen/runtime.gen.ts'
import type { RegistryImage } from './images.ts'
import type { Live } from './live.ts'
import type { Sandbox } from './sandbox.ts'
import { noTexts, type Texts } from './texts.ts'
import { toNanoseconds } from './timestamp.ts'

export type MountInit = NonNullable<ContainerConfigInit['mounts']>[number]
export type ResourcesInit = NonNullable<NonNullable<ContainerConfigInit['linux']>['resources']>

const stateNames = Object.keys(ContainerState)
const noStrings: readonly string[] = Object.freeze([])
const noMounts: readonly MountInit[] = Object.freeze([])
const noGroups: readonly bigint[] = Object.freeze([])

export interface ContainerInit {
  id: string
  sandbox: Sandbox
  image: RegistryImage
  /** Name and digest under which the node has the image. */
  imageNames: { tag: string; digest: string }
  config: ContainerConfigInit
  createdMs: number
}

/** A container, kept small: what the CRI may be asked for, and `live` while it does something. */
export class Container {
  readonly id: string
  readonly sandbox: Sandbox
  readonly image: RegistryImage
  readonly imageName: string
  readonly imageRef: string
  readonly name: string
  readonly attempt: number
  readonly userImage: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  /** `NAME=value` lines, divided by NUL. */
  readonly environment: string
  readonly mounts: readonly MountInit[]
  readonly labels: Texts
  readonly annotations: Texts
  /** Empty: nothing is logged. */
  readonly logPath: string
  readonly stdin: boolean
  readonly stdinOnce: boolean
  readonly tty: boolean
  readonly stopSignal: Signal
  readonly uid: number
  readonly gid: number
  readonly groups: readonly bigint[]
  readonly createdMs: number
  resources: ResourcesInit | undefined
  state: ContainerState = ContainerState.CONTAINER_CREATED
  startedMs = 0
  finishedMs = 0
  exitCode = 0
  reason = ''
  message = ''
  /** What a running container needs beyond this record; most need nothing. */
  live: Live | undefined

  constructor({ id, sandbox, image, imageNames, config, createdMs }: ContainerInit) {
    const security = config.linux?.securityContext
    this.id = id
    this.sandbox = sandbox
    this.image = image
    this.imageName = imageNames.tag
    this.imageRef = shared(imageNames.digest)
    this.name = config.metadata?.name ?? ''
    this.attempt = config.metadata?.attempt ?? 0
    this.userImage = config.image?.userSpecifiedImage ?? ''
    this.command = keep(config.command, noStrings)
    this.args = keep(config.args, noStrings)
    this.environment = shared((config.envs ?? []).map(({ key = '', value }) => `${key}=${textOf(value)}`).join('\0'))
    this.mounts = keep(config.mounts, noMounts)
    this.labels = config.labels ?? noTexts
    this.annotations = config.annotations ?? noTexts
    this.logPath = (config.logPath ?? '') === '' || sandbox.logDirectory === '' ? '' : [sandbox.logDirectory, config.logPath].join('/')
    this.stdin = config.stdin ?? false
    this.stdinOnce = config.stdinOnce ?? false
    this.tty = config.tty ?? false
    this.stopSignal = config.stopSignal ?? 0
    const imageUser = typeof image.options.user === 'number' ? image.options.user : 0
    this.uid = Number(security?.runAsUser?.value ?? imageUser)
    this.gid = Number(security?.runAsGroup?.value ?? 0)
    this.groups = keep(security?.supplementalGroups, noGroups)
    this.createdMs = createdMs
    this.resources = config.linux?.resources
  }

  get stateName(): string {
    return stateNames[this.state as number] ?? 'CONTAINER_UNKNOWN'
  }

  get isRunning(): boolean {
    return this.state === ContainerState.CONTAINER_RUNNING
  }

  /** The containers that the script lets crash are the first ones of the pod. */
  get crashes(): boolean {
    return this.attempt < (this.image.script.crash ?? 0)
  }

  get memoryLimitBytes(): number {
    const limit = Number(this.resources?.memoryLimitInBytes ?? 0n)
    return limit > 0 ? limit : Number.POSITIVE_INFINITY
  }

  toListItem(): ContainerItem {
    return {
      $typeName: 'runtime.v1.Container',
      id: this.id,
      podSandboxId: this.sandbox.id,
      metadata: metadataOf(this),
      image: imageSpec(this, this.image.id),
      imageRef: this.image.id,
      state: this.state,
      createdAt: toNanoseconds(this.createdMs),
      labels: this.labels,
      annotations: this.annotations,
      imageId: this.image.id,
    }
  }

  toStatus(): ContainerStatus {
    const { uid, gid } = this
    return {
      $typeName: 'runtime.v1.ContainerStatus',
      id: this.id,
      metadata: metadataOf(this),
      state: this.state,
      createdAt: toNanoseconds(this.createdMs),
      startedAt: toNanoseconds(this.startedMs),
      finishedAt: toNanoseconds(this.finishedMs),
      exitCode: this.exitCode,
      image: imageSpec(this, this.imageName),
      imageRef: this.imageRef,
      reason: this.reason,
      message: this.message,
      labels: this.labels,
      annotations: this.annotations,
      mounts: this.mounts.map(mountOf),
      logPath: this.logPath,
      ...(this.resources !== undefined && {
        resources: { $typeName: 'runtime.v1.ContainerResources', linux: resourcesOf(this.resources) },
      }),
      imageId: this.image.id,
      user: {
        $typeName: 'runtime.v1.ContainerUser',
        linux: {
          $typeName: 'runtime.v1.LinuxContainerUser',
          uid: BigInt(uid),
          gid: BigInt(gid),
          supplementalGroups: [BigInt(gid), ...this.groups.filter(group => Number(group) !== gid)],
        },
      },
      stopSignal: this.stopSignal,
    }
  }
}

function metadataOf({ name, attempt }: Container): ContainerItem['metadata'] {
  return { $typeName: 'runtime.v1.ContainerMetadata', name, attempt }
}

function imageSpec({ userImage }: Container, image: string): ImageSpec {
  return { $typeName: 'runtime.v1.ImageSpec', image, annotations: {}, userSpecifiedImage: userImage, runtimeHandler: '', imageRef: '' }
}

/** One shared empty list instead of thousands. */
function keep<T>(list: readonly T[] | undefined, empty: readonly T[]): readonly T[] {
  return list === undefined || list.length === 0 ? empty : list
}

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

function mountOf({ containerPath = '', hostPath = '', readonly = false, propagation }: MountInit): Mount {
  return {
    $typeName: 'runtime.v1.Mount',
    containerPath,
    hostPath,
    readonly,
    selinuxRelabel: false,
    propagation: propagation ?? MountPropagation.PROPAGATION_PRIVATE,
    uidMappings: [],
    gidMappings: [],
    recursiveReadOnly: false,
    imageSubPath: '',
  }
}

function resourcesOf(resources: ResourcesInit): LinuxContainerResources {
  const { cpuPeriod = 0n, cpuQuota = 0n, cpuShares = 0n, memoryLimitInBytes = 0n, oomScoreAdj = 0n } = resources
  const { cpusetCpus = '', cpusetMems = '', unified = {}, memorySwapLimitInBytes = 0n } = resources
  return {
    $typeName: 'runtime.v1.LinuxContainerResources',
    cpuPeriod,
    cpuQuota,
    cpuShares,
    memoryLimitInBytes,
    oomScoreAdj,
    cpusetCpus,
    cpusetMems,
    hugepageLimits: [],
    unified,
    memorySwapLimitInBytes,
  }
}
