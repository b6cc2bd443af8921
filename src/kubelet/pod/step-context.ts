import type { Container, Pod, Secret, Service } from '#api/core/v1/types.gen.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import type { EventType } from '#client/events/event-recorder.ts'
import type { RuntimeService } from '#cri/cri.ts'
import type { Cgroups } from '../cgroups/cgroups.ts'
import type { DNSConfig } from '../container/dns.ts'
import type { Dialer } from '../host/dialer.ts'
import type { HostFiles } from '../host/host-files.ts'
import type { ImageManager } from '../images/image-manager.ts'
import type { ObservedPod } from '../runtime/observed.ts'
import type { RuntimeState } from '../runtime/runtime-state.ts'
import type { StatusManager } from '../status-manager.ts'
import type { VolumeManager } from '../volumes/volume-manager.ts'
import type { PodMemory } from './memory.ts'

/** What all pods of a node share. */
export interface NodeServices {
  nodeName: string
  hostIPs: readonly string[]
  client: Client
  runtime: RuntimeService
  runtimeState: RuntimeState
  images: ImageManager
  volumes: VolumeManager
  cgroups: Cgroups
  files: HostFiles
  dialer: Dialer
  statuses: StatusManager
  clock: Clock
  random: Random
  log: Logger
  rootDirectory: string
  podLogsDirectory: string
  clusterDNS: readonly string[]
  clusterDomain: string
  /** The node's own resolv.conf. */
  nodeDNS(): Promise<Readonly<DNSConfig>>
  /** The node's own /etc/hosts. */
  nodeHosts(): Promise<string>
  /** Resolves when the services were read once. */
  services(): Promise<Iterable<Service>>
  pullSecrets(pod: Pod): Promise<Secret[]>
  allocatable(): Record<string, string>
  memoryBytes(): number
  runtimeName(): string
}

/** One pod, as its steps see it. */
export interface StepContext {
  node: NodeServices
  /** The newest version of the API object. */
  readonly pod: Pod
  readonly memory: PodMemory
  readonly observed: ObservedPod
  /** Records an event about the pod or one of its containers. */
  report(type: EventType, reason: string, message: string, container?: string): void
}

export function findContainer({ spec }: Pod, name: string): Container | undefined {
  const all: Container[] = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])]
  return all.find(container => container.name === name)
}

export function containerNamed(pod: Pod, name: string): Container {
  const found = findContainer(pod, name)
  if (found === undefined) throw new Error(`pod has no container "${name}"`)
  return found
}

export function podDirectory({ rootDirectory }: Pick<NodeServices, 'rootDirectory'>, uid: string): string {
  return `${rootDirectory}/pods/${uid}`
}
