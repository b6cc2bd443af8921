import { AuditFile } from '#apiserver/audit/audit-file.ts'
import { AuditLog } from '#apiserver/audit/audit-log.ts'
import { type Clock, RealClock, VirtualClock } from '#base/clock.ts'
import { type Logger, silentLogger } from '#base/log.ts'
import { type Random, SeededRandom, SystemRandom } from '#base/random.ts'
import { HTTPFront } from '#apiserver/http/front.ts'
import { EncodedStorage } from '#apiserver/storage/encoded-storage.ts'
import type { ObjectStorage } from '#apiserver/storage/stored-object.ts'
import { type ControllerName, controllerNames } from '#controller/manager.ts'
import { type ControllerSelection, selectControllers } from '#controller/selection.ts'
import { SimulatedImages, type SimulatedImagesOptions } from '#cri/simulated/index.ts'
import { defaultHistoryMs } from '#controlplane/compaction.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import { Cluster, type ClusterParts } from './cluster.ts'
import type { ClusterSnapshot } from './cluster-snapshot.ts'
import { type Duration, parseDuration } from './duration.ts'
import { checkOptions } from './options-shape.ts'
import { ClusterPKI } from './pki/cluster-pki.ts'
import { FolderPKIFiles, MemoryPKIFiles } from './pki/files.ts'
import { RunningCluster } from './running-cluster.ts'
import { defaultServiceCIDR, serviceAddress } from './service-range.ts'
import type { NodeGroup } from './node-group.ts'

export interface ClusterOptions {
  /** `memory` (default) goes with the process; a folder keeps everything, crash or not. An engine, as our own tests give it, is closed with the cluster. */
  storage?: 'memory' | { sqlite: string } | ObjectStorage
  /** Nodes to begin with: simulated ones, and this machine as one with real containers. Default: none. */
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
  /**
   * How long states of the past can be read (`at`) and compared (`why`), at least; `Infinity`: always. Default five minutes. Every version of
   * an object is kept that long, and takes room in the storage.
   */
  history?: Duration
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

/** A cluster that goes on from a snapshot: all else is as it was then. */
export interface ClusterFromSnapshotOptions {
  from: ClusterSnapshot
  /** Makes other choices from now on than a cluster without it: clusters with different seeds go different ways. */
  seed?: number
  /** Where the API is served. Default: any free port of 127.0.0.1. */
  api?: { host?: string; port?: number }
  /** Shows what that of the snapshot shows; a copy of that when left out. */
  clock?: VirtualClock
  /** Holds what that of the snapshot holds; a copy of that when left out. Closed with the cluster. */
  storage?: ObjectStorage
}

/**
 * Starts a cluster in this process: a control plane with its controllers and its scheduler, and its nodes, which are Ready when it resolves.
 * @example
 * await using cluster = await startCluster({ nodes: { count: 3 }, clock: 'virtual' })
 * await cluster.client.create(pod)
 * await cluster.until(pod, 'Ready')
 */
export async function startCluster(options: ClusterOptions | ClusterFromSnapshotOptions = {}): Promise<Cluster> {
  checkOptions(options)
  if ('from' in options) return startFromSnapshot(options)
  const { log = silentLogger, serviceCIDR = defaultServiceCIDR, contextName = 'coxswain' } = options
  const { host = '127.0.0.1', port = 0, advertiseAddress = '127.0.0.1' } = options.api ?? {}
  const machine = new RealClock()
  const clock = clockOf(options, machine)
  const controllers = selectControllers(options.controllers ?? ['*'], controllerNames)
  const random = options.random ?? (options.seed === undefined ? new SystemRandom() : new SeededRandom(options.seed))
  const pki = new ClusterPKI(options.pkiFolder === undefined ? new MemoryPKIFiles() : new FolderPKIFiles(options.pkiFolder), {
    serverAddresses: [advertiseAddress, serviceAddress(serviceCIDR, 'apiServer')],
    now: machine.now(),
  })
  await using started = new AsyncDisposableStack()
  const opening = openStorage(options.storage ?? 'memory', log)
  const closeStorage = (opened: ObjectStorage) => opened.close()
  started.defer(() => opening.then(closeStorage, () => undefined))
  const [storage, certificates] = await Promise.all([opening, pki.load()])
  const audit = new AuditLog({ file: openAuditFile(options, machine), foundRevision: storage.revision })
  const images = new SimulatedImages(options.images)
  const running = started.use(
    await RunningCluster.open({
      storage,
      audit,
      historyMs: parseDuration(options.history ?? defaultHistoryMs),
      isOnDisk: isOnDisk(options.storage),
      certificates,
      images,
      controllers,
      serviceCIDR,
      clock,
      random,
      log,
    }),
  )
  const cluster = await serve({ running, pki, images, contextName }, { host, port, advertiseAddress })
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

async function startFromSnapshot({ from, seed, api = {}, ...own }: ClusterFromSnapshotOptions): Promise<Cluster> {
  const { state, constants, pki, contextName } = from.parts
  const images = state.images.copy()
  await using started = new AsyncDisposableStack()
  const random = seed === undefined ? state.random.copy() : new SeededRandom(seed)
  const running = started.use(await RunningCluster.openFrom(state, constants, { ...own, random, images }))
  const { host = '127.0.0.1', port = 0 } = api
  const cluster = await serve({ running, pki, images, contextName }, { host, port, advertiseAddress: '127.0.0.1' })
  started.move()
  await cluster.clock.settle()
  running.endResumption()
  return cluster
}

/** Opens the port, then lets the cluster run. Nothing is left open when that fails. */
async function serve(
  parts: Pick<ClusterParts, 'running' | 'pki' | 'images' | 'contextName'>,
  { host, port, advertiseAddress }: { host: string; port: number; advertiseAddress: string },
): Promise<Cluster> {
  const { running } = parts
  const { certificates, serviceCIDR, log } = running.constants
  const { certificate: cert, key } = certificates.apiserver
  const clock = new RealClock()
  const server = running.controlPlane.slot
  const front = new HTTPFront({ server, clock, log: log.child({ component: 'apiserver' }), cert, key, clientCA: certificates.ca })
  const endpoint = { address: advertiseAddress, port: (await front.listen(port, host)).port }
  await using listening = new AsyncDisposableStack()
  listening.defer(() => front.stop(0))
  await running.run(endpoint)
  listening.move()
  const url = `https://${host === '0.0.0.0' ? '127.0.0.1' : host}:${endpoint.port}`
  // What real containers need is not loaded for the others.
  const joinMachine: ClusterParts['joinMachine'] = async (cluster, group, machineCount) => {
    const { joinMachine: join } = await import('./node/join-machine.ts')
    const { clock: time, random } = running
    return join({ cluster, group, machineCount, serviceCIDR, clock: time, random, log })
  }
  return new Cluster({ ...parts, front, certificates, joinMachine, endpoint, url, startFrom: from => startFromSnapshot({ from }) })
}

function clockOf({ clock = 'real', seed }: ClusterOptions, machine: Clock): Clock {
  if (clock === 'real') return machine
  if (clock !== 'virtual') return clock
  return seed === undefined ? new VirtualClock(machine.now()) : new VirtualClock()
}

function isOnDisk(storage: ClusterOptions['storage']): storage is { sqlite: string } {
  return typeof storage === 'object' && 'sqlite' in storage
}

/** Beside the storage. */
function openAuditFile({ storage, log = silentLogger }: ClusterOptions, clock: Clock): AuditFile | undefined {
  if (!isOnDisk(storage)) return undefined
  return new AuditFile({ folder: storage.sqlite, clock, log: log.child({ component: 'audit' }) })
}

async function openStorage(wanted: NonNullable<ClusterOptions['storage']>, log: Logger): Promise<ObjectStorage> {
  if (wanted === 'memory') return new MemoryStorage()
  if (!isOnDisk(wanted)) return wanted
  const { openSqliteStorage } = await import('#storage/sqlite/sqlite-storage.ts')
  return new EncodedStorage(await openSqliteStorage({ folder: wanted.sqlite, log: log.child({ component: 'storage' }) }))
}
