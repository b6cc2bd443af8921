import { formatIPv4, parseCIDR } from '#base/cidr.ts'
import { ServerFaults } from '#apiserver/faults/server-faults.ts'
import { type Clock, RealClock, VirtualClock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import { type Logger, silentLogger } from '#base/log.ts'
import { type Random, SeededRandom, SystemRandom } from '#base/random.ts'
import { discoverResources } from '#client/discovery.ts'
import { APIEventRecorder } from '#client/events/event-recorder.ts'
import { InformerFactory } from '#client/informer-factory.ts'
import { type ControllerName, controllerNames, runControllers } from '#controller/manager.ts'
import { type ControllerSelection, selectControllers } from '#controller/selection.ts'
import { runCompaction } from '#controlplane/compaction.ts'
import { ControlPlane } from '#controlplane/control-plane.ts'
import { MemoryLogStore, simulatedEnvironment, SimulatedImages, type SimulatedImagesOptions } from '#cri/simulated/index.ts'
import { defaultSchedulerName, Scheduler } from '#scheduler/scheduler.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import type { Storage } from '#storage/storage.ts'
import { Cluster } from './cluster.ts'
import { ClusterFaults } from './cluster-faults.ts'
import { ClusterPKI } from './pki/cluster-pki.ts'
import { FolderPKIFiles, MemoryPKIFiles } from './pki/files.ts'
import type { NodeGroup } from './simulated/node-group.ts'
import { SimulatedNodes } from './simulated/simulated-nodes.ts'
import { ClusterTime } from './time.ts'

export interface ClusterOptions {
  /** `memory` (default) goes with the process; a folder keeps everything, crash or not; or an engine, which is closed with the cluster. */
  storage?: 'memory' | { sqlite: string } | Storage
  /** Simulated nodes to begin with. Default: none. */
  nodes?: NodeGroup | readonly NodeGroup[]
  /**
   * Which controllers run, as `--controllers` of kube-controller-manager has it: `*` are all, `-node-lifecycle-controller` is all but that one. Default `['*']`.
   * Without `serviceaccount-controller` Pods need a ServiceAccount of yours.
   */
  controllers?: readonly ControllerSelection<ControllerName>[]
  /** What names of images are that nobody defined: well-behaved programs (default), or errors of the pull. */
  images?: SimulatedImagesOptions
  /**
   * `real` (default); `virtual`: time moves only when the handle's `clock` says so. It begins at the machine's time, with a seed at the
   * beginning of 2026.
   */
  clock?: 'real' | 'virtual' | Clock
  /** Makes names, UIDs and all other choices the same run after run, but for keys and tokens. */
  seed?: number
  /** Folder of keys and certificates; in memory when left out. */
  pkiFolder?: string
  /** Where the API is served. Default: any free port of 127.0.0.1. */
  api?: { host?: string; port?: number; advertiseAddress?: string }
  /** Range of cluster IPs. Default 10.96.0.0/12. */
  serviceCIDR?: string
  /** Name of the kubeconfig's context. Default `coxswain`. */
  contextName?: string
  random?: Random
  log?: Logger
}

export const defaultServiceCIDR = '10.96.0.0/12'
/** The cluster's DNS service is the tenth of its range, by convention. */
const dnsAddressIndex = 10

/**
 * Starts a cluster in this process: a control plane with its controllers and its scheduler, and simulated nodes, which are Ready when it
 * resolves. Other nodes are added by whoever has some.
 * @example
 * await using cluster = await startCluster({ nodes: { count: 3 }, clock: 'virtual' })
 * await cluster.client.create(pod)
 * await cluster.until(pod, 'Ready')
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { log = silentLogger, serviceCIDR = defaultServiceCIDR } = options
  const { host = '127.0.0.1', port = 0, advertiseAddress = '127.0.0.1' } = options.api ?? {}
  const machine = new RealClock()
  const clock = clockOf(options, machine)
  const controllers = selectControllers(options.controllers ?? ['*'], controllerNames)
  const random = options.random ?? (options.seed === undefined ? new SystemRandom() : new SeededRandom(options.seed))
  const pki = new ClusterPKI(options.pkiFolder === undefined ? new MemoryPKIFiles() : new FolderPKIFiles(options.pkiFolder), {
    serverAddresses: [advertiseAddress, serviceAddress(serviceCIDR, 1)],
    now: machine.now(),
  })
  await using started = new AsyncDisposableStack()
  const opening = openStorage(options.storage ?? 'memory', log)
  const closeStorage = (opened: Storage) => opened.close()
  started.defer(() => opening.then(closeStorage, () => undefined))
  const [storage, certificates] = await Promise.all([opening, pki.load()])
  const logs = new MemoryLogStore()
  const environment = simulatedEnvironment({ clock, images: new SimulatedImages(options.images), logs })
  let nodes: SimulatedNodes | undefined
  const serverFaults = new ServerFaults({ clock, storage })
  const controlPlane = started.use(
    await ControlPlane.start({
      storage,
      clock,
      random,
      log: log.child({ component: 'apiserver' }),
      certificates,
      serviceCIDR,
      inProcessNodes: {
        kubelet: name => nodes?.connectionTo(name),
        pod: (address, signal) => environment.network.connect(address, signal),
      },
      faults: serverFaults,
    }),
  )
  const tasks = started.use(new Group(new AbortController().signal))
  const apiPort = await controlPlane.listen({ host, port, advertiseAddress }, tasks.signal)
  tasks.spawn(() => controlPlane.ended)
  tasks.spawn(signal => runCompaction({ storage, clock, log }, signal))
  const informers = runComponents({ controlPlane, controllers, tasks, caPEM: certificates.ca, clock, random, log })
  const url = `https://${host === '0.0.0.0' ? '127.0.0.1' : host}:${apiPort}`
  nodes = new SimulatedNodes({
    environment,
    logs,
    clientOf: name => controlPlane.clientOf({ name: `system:node:${name}`, groups: ['system:nodes'] }, 'kubelet'),
    informers,
    clusterDNS: [serviceAddress(serviceCIDR, dnsAddressIndex)],
    tasks,
    clock,
    random,
    log: log.child({ component: 'kubelet' }),
  })
  // With a disk the event loop may be idle while a write is on its way.
  const underWay = isOnDisk(options.storage) ? () => controlPlane.requestsUnderWay : () => 0
  const time = new ClusterTime({ clock, storage, underWay })
  const faults = new ClusterFaults({ server: serverFaults, nodes })
  const parts = { controlPlane, storage, tasks, pki, certificates, nodes, images: environment.images, time, clock, url, faults }
  const cluster = new Cluster({ ...parts, contextName: options.contextName ?? 'coxswain' })
  // From here on the cluster stops itself.
  started.move()
  try {
    await cluster.addNodes(...[options.nodes ?? []].flat())
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

function clockOf({ clock = 'real', seed }: ClusterOptions, machine: Clock): Clock {
  if (clock === 'real') return machine
  if (clock !== 'virtual') return clock
  return seed === undefined ? new VirtualClock(machine.now()) : new VirtualClock()
}

function serviceAddress(serviceCIDR: string, index: number): string {
  const range = parseCIDR(serviceCIDR)
  if (range === undefined) throw new Error(`cannot use "${serviceCIDR}" for services: want an IPv4 range such as ${defaultServiceCIDR}`)
  return formatIPv4(range.first + index)
}

function isOnDisk(storage: ClusterOptions['storage']): storage is { sqlite: string } {
  return typeof storage === 'object' && 'sqlite' in storage
}

async function openStorage(wanted: NonNullable<ClusterOptions['storage']>, log: Logger): Promise<Storage> {
  if (wanted === 'memory') return new MemoryStorage()
  if (!isOnDisk(wanted)) return wanted
  const { openSqliteStorage } = await import('#storage/sqlite/sqlite-storage.ts')
  return openSqliteStorage({ folder: wanted.sqlite, log: log.child({ component: 'storage' }) })
}

/** The loops beside the server, each under its own identity. */
function runComponents(parts: {
  controlPlane: ControlPlane
  controllers: readonly ControllerName[]
  tasks: Group
  caPEM: string
  clock: Clock
  random: Random
  log: Logger
}): InformerFactory {
  const { controlPlane, controllers, tasks, caPEM, clock, random, log } = parts
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
  tasks.spawn(signal => runControllers({ controllers, clientOf, informers, discover, caPEM, clock, random, log }, signal))

  const schedulerLog = log.child({ component: 'scheduler' })
  const schedulerClient = controlPlane.clientOf({ name: 'system:kube-scheduler', groups: [] }, 'kube-scheduler')
  const events = new APIEventRecorder({ client: schedulerClient, clock, random, log: schedulerLog, component: defaultSchedulerName })
  const scheduler = new Scheduler({ client: schedulerClient, informers, events, clock, random, log: schedulerLog })
  tasks.spawn(signal => events.run(signal))
  tasks.spawn(signal => scheduler.run(signal))
  tasks.spawn(signal => informers.run(signal))
  return informers
}
