import type { Pod, Secret, Service } from '#api/core/v1/types.gen.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { ResumedMap } from '#base/resumed-map.ts'
import { SharedValues } from '#base/shared-values.ts'
import type { Client } from '#client/client.ts'
import type { ObjectSource } from '#client/informer-parts.ts'
import type { RuntimeService } from '#cri/cri.ts'
import type { Cgroups } from './cgroups/cgroups.ts'
import { type DNSConfig, parseResolvConf } from './container/dns.ts'
import type { Dialer } from './host/dialer.ts'
import type { HostFiles } from './host/host-files.ts'
import type { NodeHost } from './host/node-host.ts'
import { ImageManager } from './images/image-manager.ts'
import type { NodeReporter } from './node/node-reporter.ts'
import type { KubeletOptions } from './options.ts'
import type { PodWorker, PodWorkerState } from './pod/pod-worker.ts'
import type { NodeServices } from './pod/step-context.ts'
import type { RuntimeState } from './runtime/runtime-state.ts'
import { StatusManager } from './status-manager.ts'
import type { VolumeManager } from './volumes/volume-manager.ts'

/** By their text: each pod asks three times, and hardly ever is it another. */
const resolvConfs = new SharedValues<Readonly<DNSConfig>>()

export interface KubeletParts {
  reporter: NodeReporter
  runtimeState: RuntimeState
  volumes: VolumeManager
  services: ObjectSource<Service>
  random: Random
  signal: AbortSignal
  workers: ResumedMap<string, PodWorkerState, PodWorker>
}

/** What a kubelet gives its pods. */
export class KubeletNodeServices implements NodeServices {
  readonly nodeName: string
  readonly hostIPs: readonly string[]
  readonly client: Client
  readonly runtime: RuntimeService
  readonly runtimeState: RuntimeState
  readonly images: ImageManager
  readonly volumes: VolumeManager
  readonly cgroups: Cgroups
  readonly files: HostFiles
  readonly dialer: Dialer
  readonly statuses: StatusManager
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly rootDirectory: string
  readonly podLogsDirectory: string
  readonly clusterDNS: readonly string[]
  readonly clusterDomain: string
  readonly #host: NodeHost
  readonly #reporter: NodeReporter
  readonly #services: ObjectSource<Service>
  readonly #workers: KubeletParts['workers']

  constructor(options: KubeletOptions, { reporter, runtimeState, volumes, services, random, signal, workers }: KubeletParts) {
    const { client, clock, log, host, clusterDNS = [], clusterDomain = 'cluster.local' } = options
    this.nodeName = options.nodeName
    this.hostIPs = options.nodeIPs
    this.client = client
    this.runtime = options.runtime
    this.runtimeState = runtimeState
    this.images = new ImageManager({ images: options.images, clock })
    this.volumes = volumes
    this.cgroups = host.cgroups
    this.files = host.files
    this.dialer = host.dialer
    this.statuses = new StatusManager({ client, clock, log, signal }, options.state?.statuses)
    this.clock = clock
    this.random = random
    this.log = log
    this.rootDirectory = options.rootDirectory
    this.podLogsDirectory = options.podLogsDirectory
    this.clusterDNS = clusterDNS
    this.clusterDomain = clusterDomain
    this.#host = host
    this.#reporter = reporter
    this.#services = services
    this.#workers = workers
  }

  async nodeDNS(): Promise<Readonly<DNSConfig>> {
    return resolvConfs.get(await this.#host.resolvConf(), parseResolvConf)
  }

  nodeHosts(): Promise<string> {
    return this.#host.hosts()
  }

  async services(): Promise<Iterable<Service>> {
    await this.#services.synced
    return this.#services.values()
  }

  async pullSecrets(pod: Pod): Promise<Secret[]> {
    const { namespace = '', uid = '' } = pod.metadata
    const names = (pod.spec.imagePullSecrets ?? []).map(({ name }) => name ?? '').filter(name => name !== '')
    const found = await Promise.all(names.map(name => this.volumes.secret(namespace, name)))
    const missing = names.filter((_, index) => found[index] === undefined)
    if (missing.length > 0) {
      const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`
      this.#workers.get(uid)?.report('Warning', 'FailedToRetrieveImagePullSecret', message)
    }
    return found.filter(secret => secret !== undefined)
  }

  allocatable(): Record<string, string> {
    return this.#reporter.allocatable
  }

  memoryBytes(): number {
    return this.#reporter.memoryBytes
  }

  runtimeName(): string {
    return this.#reporter.runtimeName
  }
}
