import type { RuntimeService } from '../cri.ts'
import type {
  ContainerStats,
  ContainerStatsResponse,
  CpuUsage,
  FilesystemUsage,
  ImageFsInfoResponse,
  ListContainerStatsResponse,
  ListPodSandboxStatsResponse,
  MemoryUsage,
  PodSandboxStats,
  PodSandboxStatsResponse,
  UInt64Value,
} from '../gen/runtime.gen.ts'
import type { Container } from './container.ts'
import { selectContainers } from './container-verbs.ts'
import { matchesLabels } from './labels.ts'
import { memoryOf } from './memory-limit.ts'
import type { SimulatedNode } from './node.ts'
import type { Sandbox } from './sandbox.ts'
import { toNanoseconds } from './timestamp.ts'

type Request<Verb extends keyof RuntimeService> = Parameters<RuntimeService[Verb]>[0]

/** What a writable layer takes on the disk. */
const layerBytes = 4_096
const layerInodes = 4
/** An image's share of files. */
const bytesPerInode = 16_384
const imageFolder = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs'

export function containerStats(node: SimulatedNode, { containerId = '' }: Request<'containerStats'>): ContainerStatsResponse {
  const container = node.container(containerId, 'failed to find container')
  return { $typeName: 'runtime.v1.ContainerStatsResponse', stats: statsOf(node, container) }
}

export function listContainerStats(node: SimulatedNode, { filter }: Request<'listContainerStats'>): ListContainerStatsResponse {
  const stats = selectContainers(node, filter ?? {}).map(container => statsOf(node, container))
  return { $typeName: 'runtime.v1.ListContainerStatsResponse', stats }
}

export function podSandboxStats(node: SimulatedNode, { podSandboxId = '' }: Request<'podSandboxStats'>): PodSandboxStatsResponse {
  return { $typeName: 'runtime.v1.PodSandboxStatsResponse', stats: sandboxStatsOf(node, node.sandbox(podSandboxId)) }
}

export function listPodSandboxStats(node: SimulatedNode, { filter }: Request<'listPodSandboxStats'>): ListPodSandboxStatsResponse {
  const { id = '', labelSelector = {} } = filter ?? {}
  const stats = [...node.sandboxes.values()]
    .filter(sandbox => sandbox.ready && sandbox.id.startsWith(id) && matchesLabels(sandbox.labels, labelSelector))
    .map(sandbox => sandboxStatsOf(node, sandbox))
  return { $typeName: 'runtime.v1.ListPodSandboxStatsResponse', stats }
}

/** How full the node's disk is with images. */
export function imageFsInfo(node: SimulatedNode): ImageFsInfoResponse {
  const usedBytes = node.diskFull ? node.diskBytes : node.images.sizeBytes + node.containers.size * layerBytes
  const inodes = Math.ceil(node.images.sizeBytes / bytesPerInode) + node.containers.size * layerInodes
  const usage = diskUsage(node, usedBytes, inodes)
  return { $typeName: 'runtime.v1.ImageFsInfoResponse', imageFilesystems: [usage], containerFilesystems: [usage] }
}

function statsOf(node: SimulatedNode, container: Container): ContainerStats {
  const { id, name, attempt, labels, annotations } = container
  return {
    $typeName: 'runtime.v1.ContainerStats',
    attributes: {
      $typeName: 'runtime.v1.ContainerAttributes',
      id,
      metadata: { $typeName: 'runtime.v1.ContainerMetadata', name, attempt },
      labels,
      annotations,
    },
    // A container that does not run has no cgroup to ask.
    ...(container.isRunning && { cpu: cpuUsage(node, [container]), memory: memoryUsage(node, [container]) }),
    writableLayer: diskUsage(node, layerBytes, layerInodes),
  }
}

function sandboxStatsOf(node: SimulatedNode, sandbox: Sandbox): PodSandboxStats {
  const { id, name, namespace, uid, attempt, labels, annotations } = sandbox
  const running = sandbox.containers.filter(container => container.isRunning)
  return {
    $typeName: 'runtime.v1.PodSandboxStats',
    attributes: {
      $typeName: 'runtime.v1.PodSandboxAttributes',
      id,
      metadata: { $typeName: 'runtime.v1.PodSandboxMetadata', name, namespace, uid, attempt },
      labels,
      annotations,
    },
    linux: {
      $typeName: 'runtime.v1.LinuxPodSandboxStats',
      cpu: cpuUsage(node, running),
      memory: memoryUsage(node, running),
      process: {
        $typeName: 'runtime.v1.ProcessUsage',
        timestamp: nowOf(node),
        processCount: unsigned(running.length + 1),
      },
      containers: running.map(container => statsOf(node, container)),
    },
  }
}

function cpuUsage(node: SimulatedNode, containers: readonly Container[]): CpuUsage {
  const nowMs = node.environment.clock.now()
  let cores = 0
  let coreMs = 0
  for (const container of containers) {
    const used = container.live?.cores ?? container.image.cores
    cores += used
    coreMs += used * Math.max(nowMs - Math.floor(container.startedMs), 0)
  }
  return {
    $typeName: 'runtime.v1.CpuUsage',
    timestamp: nowOf(node),
    usageCoreNanoSeconds: unsigned(coreMs * 1e6),
    usageNanoCores: unsigned(cores * 1e9),
  }
}

function memoryUsage(node: SimulatedNode, containers: readonly Container[]): MemoryUsage {
  const bytes = containers.reduce((sum, container) => sum + memoryOf(container), 0)
  const limit = containers.reduce((sum, container) => sum + container.memoryLimitBytes, 0)
  return {
    $typeName: 'runtime.v1.MemoryUsage',
    timestamp: nowOf(node),
    workingSetBytes: unsigned(bytes),
    ...(Number.isFinite(limit) && { availableBytes: unsigned(Math.max(limit - bytes, 0)) }),
    usageBytes: unsigned(bytes),
    rssBytes: unsigned(bytes),
  }
}

function diskUsage(node: SimulatedNode, bytes: number, inodes: number): FilesystemUsage {
  return {
    $typeName: 'runtime.v1.FilesystemUsage',
    timestamp: nowOf(node),
    fsId: { $typeName: 'runtime.v1.FilesystemIdentifier', mountpoint: imageFolder },
    usedBytes: unsigned(bytes),
    inodesUsed: unsigned(inodes),
  }
}

function unsigned(value: number): UInt64Value {
  return { $typeName: 'runtime.v1.UInt64Value', value: BigInt(Math.round(value)) }
}

function nowOf(node: SimulatedNode): bigint {
  return toNanoseconds(node.environment.clock.now())
}
