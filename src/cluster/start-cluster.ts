import { formatIPv4, parseCIDR } from '#base/cidr.ts'
import type { Clock } from '#base/clock.ts'
import { RealClock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import { type Logger, silentLogger } from '#base/log.ts'
import { type Random, SystemRandom } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import { discoverResources } from '#client/discovery.ts'
import { APIEventRecorder } from '#client/events/event-recorder.ts'
import { InformerFactory } from '#client/informer-factory.ts'
import { buildKubeconfig, type Kubeconfig } from '#client/kubeconfig/kubeconfig.ts'
import { runControllers } from '#controller/manager.ts'
import { runCompaction } from '#controlplane/compaction.ts'
import { ControlPlane } from '#controlplane/control-plane.ts'
import { defaultSchedulerName, Scheduler } from '#scheduler/scheduler.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import type { Storage } from '#storage/storage.ts'
import { type ClusterCertificates, ClusterPKI } from './pki/cluster-pki.ts'
import { FolderPKIFiles, MemoryPKIFiles } from './pki/files.ts'

export interface ClusterOptions {
  /** `memory` (default) goes with the process; a folder keeps everything, crash or not. */
  storage?: 'memory' | { sqlite: string }
  /** Folder of keys and certificates; in memory when left out. */
  pkiFolder?: string
  /** Where the API is served. Default: any free port of 127.0.0.1. */
  api?: { host?: string; port?: number; advertiseAddress?: string }
  /** Range of cluster IPs. Default 10.96.0.0/12. */
  serviceCIDR?: string
  /** Name of the kubeconfig's context. Default `coxswain`. */
  contextName?: string
  clock?: Clock
  random?: Random
  log?: Logger
}

export const defaultServiceCIDR = '10.96.0.0/12'

/** A running cluster. Disposing it stops everything that this process runs; what is on disk stays. */
export class Cluster implements AsyncDisposable {
  readonly client: Client
  readonly url: string
  readonly kubeconfig: Kubeconfig
  readonly controlPlane: ControlPlane
  readonly pki: ClusterPKI
  readonly certificates: ClusterCertificates
  readonly #tasks: Group
  readonly #storage: Storage
  #stopped: Promise<void> | undefined

  constructor(parts: {
    controlPlane: ControlPlane
    storage: Storage
    tasks: Group
    pki: ClusterPKI
    certificates: ClusterCertificates
    url: string
    contextName: string
  }) {
    this.controlPlane = parts.controlPlane
    this.pki = parts.pki
    this.certificates = parts.certificates
    this.url = parts.url
    this.#tasks = parts.tasks
    this.#storage = parts.storage
    this.client = parts.controlPlane.clientOf({ name: 'kubernetes-admin', groups: ['system:masters'] })
    const { certificate, key } = parts.certificates.admin
    const credentials = { certificate, key }
    this.kubeconfig = buildKubeconfig({ name: parts.contextName, server: parts.url, ca: parts.certificates.ca, credentials })
  }

  /** Stops the loops, then the server, then the storage. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]()
    await this.controlPlane[Symbol.asyncDispose]()
    await this.#storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/**
 * Starts a control plane with its controllers and its scheduler in this process. Nodes are added by whoever has some.
 * @example
 * await using cluster = await startCluster()
 * await cluster.client.create(pod, signal)
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { clock = new RealClock(), random = new SystemRandom(), log = silentLogger, serviceCIDR = defaultServiceCIDR } = options
  const { host = '127.0.0.1', port = 0, advertiseAddress = '127.0.0.1' } = options.api ?? {}
  const machine = new RealClock()
  const pki = new ClusterPKI(options.pkiFolder === undefined ? new MemoryPKIFiles() : new FolderPKIFiles(options.pkiFolder), {
    serverAddresses: [advertiseAddress, firstServiceAddress(serviceCIDR)],
    now: machine.now(),
  })
  const [storage, certificates] = await Promise.all([openStorage(options.storage ?? 'memory', log), pki.load()])
  const controlPlane = await ControlPlane.start({
    storage,
    clock,
    random,
    log: log.child({ component: 'apiserver' }),
    certificates,
    serviceCIDR,
  })
  const tasks = new Group(new AbortController().signal)
  const apiPort = await controlPlane.listen({ host, port, advertiseAddress }, tasks.signal)
  tasks.spawn(signal => runCompaction({ storage, clock, log }, signal))
  runComponents({ controlPlane, tasks, caPEM: certificates.ca, clock, random, log })
  const url = `https://${host === '0.0.0.0' ? '127.0.0.1' : host}:${apiPort}`
  return new Cluster({ controlPlane, storage, tasks, pki, certificates, url, contextName: options.contextName ?? 'coxswain' })
}

function firstServiceAddress(serviceCIDR: string): string {
  const range = parseCIDR(serviceCIDR)
  if (range === undefined) throw new Error(`cannot use "${serviceCIDR}" for services: want an IPv4 range such as ${defaultServiceCIDR}`)
  return formatIPv4(range.first + 1)
}

async function openStorage(wanted: 'memory' | { sqlite: string }, log: Logger): Promise<Storage> {
  if (wanted === 'memory') return new MemoryStorage()
  const { openSqliteStorage } = await import('#storage/sqlite/sqlite-storage.ts')
  return openSqliteStorage({ folder: wanted.sqlite, log: log.child({ component: 'storage' }) })
}

/** The loops beside the server, each under its own identity. */
function runComponents(parts: {
  controlPlane: ControlPlane
  tasks: Group
  caPEM: string
  clock: Clock
  random: Random
  log: Logger
}): void {
  const { controlPlane, tasks, caPEM, clock, random, log } = parts
  const managerProgram = 'kube-controller-manager'
  const managerUser = { name: 'system:kube-controller-manager', groups: ['system:masters'] }
  const managerTransport = controlPlane.transportOf(managerUser, managerProgram)
  const informers = new InformerFactory({
    client: controlPlane.clientOf(managerUser, managerProgram),
    clock,
    random,
    log: log.child({ component: 'informers' }),
  })
  const clientOf = (controller: string) =>
    controlPlane.clientOf(
      {
        name: `system:serviceaccount:kube-system:${controller}`,
        groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
      },
      managerProgram,
    )
  const discover = (signal: AbortSignal) => discoverResources(managerTransport, signal)
  tasks.spawn(signal => runControllers({ clientOf, informers, discover, caPEM, clock, random, log }, signal))

  const schedulerLog = log.child({ component: 'scheduler' })
  const schedulerClient = controlPlane.clientOf({ name: 'system:kube-scheduler', groups: [] }, 'kube-scheduler')
  const events = new APIEventRecorder({ client: schedulerClient, clock, random, log: schedulerLog, component: defaultSchedulerName })
  const scheduler = new Scheduler({ client: schedulerClient, informers, events, clock, random, log: schedulerLog })
  tasks.spawn(signal => events.run(signal))
  tasks.spawn(signal => scheduler.run(signal))
  tasks.spawn(signal => informers.run(signal))
}
