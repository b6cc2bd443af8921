import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { deepEqual } from '#apimachinery/value/json-value.ts'
import type { Node, NodeCondition, NodeStatus } from '#api/core/v1/types.gen.ts'
import type { Image, StatusResponse } from '#cri/gen/runtime.gen.ts'
import { limits } from '../limits.ts'
import type { MachineFacts, PressureFacts } from './node-probe.ts'

/** What a node's status is made of and may change at any time. */
export interface ObservedNodeFacts {
  machine: MachineFacts
  pressure: PressureFacts
  /** `containerd://1.6.20` */
  runtimeVersion: string
  /** Undefined while the runtime does not answer. */
  runtimeStatus: StatusResponse | undefined
  /** Why pods cannot be handled, beside what the runtime says: words as after `PLEG is not healthy: `. */
  plegProblem: string | undefined
  images: readonly Image[]
}

/** Everything that a node's status is made of. */
export interface NodeFacts extends ObservedNodeFacts {
  nodeName: string
  hostname: string
  nodeIPs: readonly string[]
  maxPods: number
  kubeletPort: number
  kubeletVersion: string
  nowMs: number
}

const hardEvictionMemoryBytes = 100 * 1024 * 1024
const hardEvictionDiskShare = 0.1
const hardEvictionInodesShare = 0.05
const hardEvictionPids = 100

/** Capacity and what is left of it for pods; upstream's defaults reserve nothing but what eviction keeps free. */
export function nodeResources({ machine, maxPods }: Pick<NodeFacts, 'machine' | 'maxPods'>): Pick<NodeStatus, 'capacity' | 'allocatable'> {
  const kibibytes = (bytes: number) => `${Math.floor(bytes / 1024)}Ki`
  const hugePages = Object.fromEntries(
    Object.entries(machine.hugePages).map(([size, bytes]) => [`hugepages-${size}`, bytes === 0 ? '0' : kibibytes(bytes)]),
  )
  const cpu = Number.isInteger(machine.cpus) ? String(machine.cpus) : `${machine.cpus * 1_000}m`
  const shared = { cpu, pods: String(maxPods), ...hugePages, ...machine.extendedResources }
  const reservedBytes = Object.values(machine.hugePages).reduce((sum, bytes) => sum + bytes, 0)
  const memoryBytes = Math.max(0, machine.memoryBytes - hardEvictionMemoryBytes - reservedBytes)
  return {
    capacity: { ...shared, memory: kibibytes(machine.memoryBytes), 'ephemeral-storage': kibibytes(machine.ephemeralStorageBytes) },
    allocatable: {
      ...shared,
      memory: kibibytes(memoryBytes),
      'ephemeral-storage': String(Math.floor(machine.ephemeralStorageBytes * (1 - hardEvictionDiskShare))),
    },
  }
}

export function nodeStatus(facts: NodeFacts, previous: NodeStatus | undefined): NodeStatus {
  const { nodeIPs, hostname, kubeletPort, machine, runtimeVersion, kubeletVersion, runtimeStatus } = facts
  const handlers = runtimeStatus?.runtimeHandlers ?? []
  return {
    ...nodeResources(facts),
    conditions: nodeConditions(facts, previous?.conditions ?? []),
    addresses: [...nodeIPs.map(address => ({ type: 'InternalIP', address })), { type: 'Hostname', address: hostname }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    nodeInfo: { ...machine.info, containerRuntimeVersion: runtimeVersion, kubeletVersion, kubeProxyVersion: '' },
    images: nodeImages(facts.images),
    ...(handlers.length > 0 && {
      runtimeHandlers: handlers.map(({ name, features }) => ({
        name,
        features: {
          recursiveReadOnlyMounts: features?.recursiveReadOnlyMounts ?? false,
          userNamespaces: features?.userNamespaces ?? false,
        },
      })),
    }),
    features: { supplementalGroupsPolicy: runtimeStatus?.features?.supplementalGroupsPolicy ?? false },
  }
}

/** The biggest first: the scheduler prefers nodes that have a big image already. */
function nodeImages(images: readonly Image[]) {
  return [...images]
    .sort((a, b) => Number(b.size - a.size))
    .slice(0, limits.nodeImagesMax)
    .map(({ repoDigests, repoTags, size }) => ({ names: [...repoDigests, ...repoTags].slice(0, 5), sizeBytes: Number(size) }))
}

function nodeConditions(facts: NodeFacts, previous: readonly NodeCondition[]): NodeCondition[] {
  const { pressure, nowMs } = facts
  const disk = pressure.diskAvailableShare < hardEvictionDiskShare || pressure.inodesFreeShare < hardEvictionInodesShare
  const ours: NodeCondition[] = [
    pressureConditions.Memory[pressure.memoryAvailableBytes < hardEvictionMemoryBytes ? 'bad' : 'good'],
    pressureConditions.Disk[disk ? 'bad' : 'good'],
    pressureConditions.PID[pressure.pidsAvailable < hardEvictionPids ? 'bad' : 'good'],
    readyCondition(facts),
  ]
  const time = formatTime(nowMs)
  const others = previous.filter(({ type }) => !ours.some(condition => condition.type === type))
  const timed = ours.map(condition => {
    const old = previous.find(({ type }) => type === condition.type)
    const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : undefined
    return { ...condition, lastHeartbeatTime: time, lastTransitionTime: lastTransitionTime ?? time }
  })
  return [...others, ...timed]
}

/** Made once: the texts of thousands of nodes are the same ones. */
const pressureConditions = {
  Memory: pressureCondition(
    'Memory',
    ['InsufficientMemory', 'insufficient memory available'],
    ['SufficientMemory', 'sufficient memory available'],
  ),
  Disk: pressureCondition('Disk', ['DiskPressure', 'disk pressure'], ['NoDiskPressure', 'no disk pressure']),
  PID: pressureCondition('PID', ['InsufficientPID', 'insufficient PID available'], ['SufficientPID', 'sufficient PID available']),
}

function pressureCondition(what: string, bad: readonly [string, string], good: readonly [string, string]) {
  const condition = (status: 'True' | 'False', [reason, words]: readonly [string, string]): NodeCondition => ({
    type: `${what}Pressure`,
    status,
    reason: `KubeletHas${reason}`,
    message: `kubelet has ${words}`,
  })
  return { bad: condition('True', bad), good: condition('False', good) }
}

function readyCondition({ runtimeStatus, plegProblem }: NodeFacts): NodeCondition {
  const problems: string[] = []
  if (runtimeStatus === undefined) problems.push('container runtime is down')
  for (const [type, words] of [
    ['RuntimeReady', 'container runtime not ready'],
    ['NetworkReady', 'container runtime network not ready'],
  ] as const) {
    const condition = runtimeStatus?.status?.conditions.find(each => each.type === type)
    if (runtimeStatus === undefined || condition?.status === true) continue
    const detail = `${type}=false reason:${condition?.reason ?? ''} message:${condition?.message ?? ''}`
    problems.push(`${words}: ${detail}`)
  }
  if (plegProblem !== undefined) problems.push(`PLEG is not healthy: ${plegProblem}`)
  if (problems.length === 0) return { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
  const message = problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`
  return { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message }
}

/** The events that tell of changed conditions, as upstream words them. */
export function conditionEvents(
  nodeName: string,
  old: readonly NodeCondition[],
  now: readonly NodeCondition[],
): { reason: string; message: string }[] {
  const events: { reason: string; message: string }[] = []
  for (const { type, status } of now) {
    if (old.find(condition => condition.type === type)?.status === status) continue
    const reason = conditionReasons[type]?.[status === 'True' ? 'True' : 'False']
    if (reason !== undefined) events.push({ reason, message: `Node ${nodeName} status is now: ${reason}` })
  }
  return events
}

const conditionReasons: Record<string, { True: string; False: string }> = {
  MemoryPressure: { True: 'NodeHasInsufficientMemory', False: 'NodeHasSufficientMemory' },
  DiskPressure: { True: 'NodeHasDiskPressure', False: 'NodeHasNoDiskPressure' },
  PIDPressure: { True: 'NodeHasInsufficientPID', False: 'NodeHasSufficientPID' },
  Ready: { True: 'NodeReady', False: 'NodeNotReady' },
}

/** Whether two statuses say the same, heartbeat times aside. */
export function sameNodeStatus(a: NodeStatus, b: NodeStatus): boolean {
  const timeless = (status: NodeStatus) => status.conditions?.map(condition => ({ ...condition, lastHeartbeatTime: undefined }))
  return deepEqual({ ...a, conditions: undefined }, { ...b, conditions: undefined }) && deepEqual(timeless(a), timeless(b))
}

export function newNode(facts: NodeFacts, labels: Readonly<Record<string, string>>, taints: NonNullable<Node['spec']>['taints']): Node {
  const { operatingSystem, architecture } = facts.machine.info
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: facts.nodeName,
      labels: {
        'beta.kubernetes.io/arch': architecture,
        'beta.kubernetes.io/os': operatingSystem,
        'kubernetes.io/arch': architecture,
        'kubernetes.io/hostname': facts.hostname,
        'kubernetes.io/os': operatingSystem,
        ...labels,
      },
    },
    spec: taints === undefined || taints.length === 0 ? {} : { taints },
    status: nodeStatus(facts, undefined),
  }
}
