import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { lock } from '#base/machine-lock.ts'
import type { Random } from '#base/random.ts'
import { mergeIntoKubeconfigFile } from '#client/kubeconfig/kubeconfig-file.ts'
import { choosePodCIDR, isOwnRoute, readResolvers, readRoutes } from '#network/cni/index.ts'
import {
  type ClusterFolder,
  type ClusterRecord,
  contextName,
  makeDataFolder,
  readClusterRecord,
  writeClusterRecord,
} from './cluster-folder.ts'
import { openImageSource } from './images/image-source.ts'
import { realReach } from './images/registry-reachable.ts'
import { freePort, isPortFree, machineAddress, machineNodeName, type ReservedPort, reservePort } from './machine.ts'
import { startMachineNode } from './node/machine-node.ts'
import { NodeRuntime } from './node/node-runtime.ts'
import type { Cluster } from './cluster.ts'
import { defaultServiceCIDR } from './service-range.ts'
import { startCluster } from './start-cluster.ts'

export interface MachineClusterOptions {
  folder: ClusterFolder
  /** File that a context is merged into. */
  kubeconfig: string
  /** Left out: as at the last start, else 6443 or a free port. */
  apiPort: number | undefined
  nodeName: string | undefined
  podCIDR: string | undefined
  serviceCIDR: string | undefined
  /** How long states of the past can be read, at least. */
  history: string | undefined
  /** Images come from stand-ins on this machine, whether or not a registry can be reached, and Pods reach nothing outside of it. */
  offline: boolean
  clock: Clock
  random: Random
  log: Logger
  onStep(step: { what: string; tookMs: number }): void
  /** What people must not miss. */
  onNotice(text: string): void
}

const nodeReadyLimitMs = 60_000
const choosingMsMax = 10_000

/** The cluster of this machine: a control plane on disk and one node with real containers. Disposing it leaves the Pods running. */
export interface MachineCluster extends AsyncDisposable {
  cluster: Cluster
  record: ClusterRecord
}

/** Starts the cluster, or takes up what an earlier process left; the node is Ready when it resolves. */
export async function startMachineCluster(options: MachineClusterOptions): Promise<MachineCluster> {
  const { folder, clock, random, log, onNotice } = options
  const { signal } = new AbortController()
  const step = (what: string, startedMs: number) => options.onStep({ what, tookMs: clock.monotonicMs() - startedMs })
  const started = clock.monotonicMs()
  await makeDataFolder(folder)
  await using stack = new AsyncDisposableStack()
  // Until what was chosen can be seen by all: two clusters that start at once must not choose the same.
  using choosing = await lockChoices(clock)
  const { record, kubeletPort } = await decideRecord(options, signal)
  stack.use(kubeletPort)
  await writeClusterRecord(folder, record)

  const images = openImageSource({ offline: options.offline, reach: realReach, clock, log, onNotice }, signal)
  const runtime = NodeRuntime.start({ folder, record, egress: options.offline ? 'none' : 'masquerade', clock, log, onStep: step }, signal)
  const cluster = startControlPlane(options, record, step)
  const visible = Promise.allSettled([runtime, cluster]).then(() => choosing[Symbol.dispose]())
  // What has started is stopped again when something else fails.
  await Promise.allSettled([images, visible])
  for (const part of [images, runtime, cluster])
    await part.then(
      started => stack.use(started),
      () => undefined,
    )
  const source = await images
  const node = { runtime: await runtime, cluster: await cluster }
  await Promise.all([writeKubeconfigs(options, node.cluster), node.runtime.setMirror(source.mirrorURL)])
  const joining = clock.monotonicMs()
  const kubelet = stack.use(await startMachineNode({ folder, record, kubeletPort, ...node, clock, random, log }, signal))
  await withinReadyLimit(kubelet.ready, { clock, nodeName: record.nodeName })
  step(`node ${record.nodeName} Ready`, joining)
  step(`cluster ready at ${node.cluster.url}, context "${contextName(folder)}"`, started)
  const owned = stack.move()
  return { cluster: node.cluster, record, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function withinReadyLimit(ready: Promise<void>, { clock, nodeName }: { clock: Clock; nodeName: string }): Promise<void> {
  const expired = Promise.withResolvers<never>()
  const error = new Error(`node ${nodeName} was not Ready within ${nodeReadyLimitMs / 1_000} s; the cluster's log tells why`)
  using _timer = clock.after(nodeReadyLimitMs, () => expired.reject(error))
  await Promise.race([ready, expired.promise])
}

async function startControlPlane(
  options: MachineClusterOptions,
  record: ClusterRecord,
  step: (what: string, startedMs: number) => void,
): Promise<Cluster> {
  const { folder, clock, random, log } = options
  const started = clock.monotonicMs()
  const cluster = await startCluster({
    storage: { sqlite: folder.storage },
    pkiFolder: folder.pki,
    api: { host: '0.0.0.0', port: record.apiPort, advertiseAddress: record.nodeIP },
    serviceCIDR: record.serviceCIDR,
    contextName: contextName(folder),
    ...(options.history !== undefined && { history: options.history }),
    clock,
    random,
    log,
  })
  step(`API server, scheduler and controllers running, ${cluster.url}`, started)
  return cluster
}

/** What the first start decides and later ones keep; what the user says explicitly now wins where it can be changed. */
async function decideRecord(
  options: MachineClusterOptions,
  signal: AbortSignal,
): Promise<{ record: ClusterRecord; kubeletPort: ReservedPort }> {
  const { folder } = options
  const [before, routes, resolvers] = await Promise.all([readClusterRecord(folder), readRoutes(signal), readResolvers()])
  const nodeIP = machineAddress(routes.find(({ dst }) => dst === 'default')?.dev)
  const kubeconfigs = [...new Set([...(before?.kubeconfigs ?? []), options.kubeconfig])]
  if (before !== undefined) {
    for (const [flag, wanted, kept] of [
      ['--pod-cidr', options.podCIDR, before.podCIDR],
      ['--service-cidr', options.serviceCIDR, before.serviceCIDR],
      ['--node-name', options.nodeName, before.nodeName],
    ] as const) {
      if (wanted !== undefined && wanted !== kept) {
        throw new Error(
          `cannot change ${flag} of the cluster in "${folder.data}" from ${kept} to ${wanted}; remove it with "cox down --delete" first`,
        )
      }
    }
    const apiPort = await availablePort(options.apiPort ?? before.apiPort)
    // Nobody chose the kubelet's port: another one does as well.
    const kubeletPort = await reservePort(before.kubeletPort)
    return { record: { ...before, apiPort, kubeletPort: kubeletPort.port, nodeIP, kubeconfigs }, kubeletPort }
  }
  const podCIDR = choosePodCIDR({
    ...(options.podCIDR === undefined ? {} : { wanted: options.podCIDR }),
    routes,
    isOwn: isOwnRoute(folder.id),
    avoid: resolvers,
  })
  const apiPort = options.apiPort === undefined ? await freePort(6443) : await availablePort(options.apiPort)
  const kubeletPort = await reservePort(10_250)
  const record: ClusterRecord = {
    apiPort,
    kubeletPort: kubeletPort.port,
    nodeName: options.nodeName ?? machineNodeName(),
    podCIDR,
    serviceCIDR: options.serviceCIDR ?? defaultServiceCIDR,
    nodeIP,
    kubeconfigs,
  }
  return { record, kubeletPort }
}

/** Held while one chooses ports and ranges of this machine; a process that hangs with it does not keep the others for long. */
async function lockChoices(clock: Clock): Promise<Disposable> {
  const tooLong = new AbortController()
  using _timer = clock.after(choosingMsMax, () => tooLong.abort(new Error('somebody else is still choosing')))
  return lock('choices', tooLong.signal).catch(() => ({ [Symbol.dispose]() {} }))
}

/** The port, which kubeconfig files name. @throws when somebody else listens there */
async function availablePort(port: number): Promise<number> {
  if (await isPortFree(port)) return port
  throw new Error(`port ${port} is in use by another program; end that one, or choose another port with --api-port`)
}

async function writeKubeconfigs({ folder, kubeconfig }: MachineClusterOptions, cluster: Cluster): Promise<void> {
  const { certificate, key } = cluster.certificates.admin
  const credentials = { certificate, key }
  await cluster.writeKubeconfig(folder.adminKubeconfig)
  await mergeIntoKubeconfigFile(kubeconfig, { name: contextName(folder), server: cluster.url, ca: cluster.certificates.ca, credentials })
}
