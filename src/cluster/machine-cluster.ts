import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { useAll } from '#base/use-all.ts'
import { mergeIntoKubeconfigFile } from '#client/kubeconfig/kubeconfig-file.ts'
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
import { requireKeptChoices } from './kept-choices.ts'
import { freePort, isPortFree, type ReservedPort, reservePort } from './machine.ts'
import { chooseForMachine, lockChoices, readMachineAddress } from './node/machine-choices.ts'
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
  const starting = startControlPlane(options, record, step)
  const visible = Promise.allSettled([runtime, starting]).then(() => choosing[Symbol.dispose]())
  const [source, node, cluster] = await useAll(stack, [images, runtime, starting])
  await Promise.all([visible, writeKubeconfigs(options, cluster), node.setMirror(source.mirrorURL)])
  const joining = clock.monotonicMs()
  stack.use(await startMachineNode({ folder, record, kubeletPort, runtime: node, cluster, clock, random, log }, signal))
  step(`node ${record.nodeName} Ready`, joining)
  step(`cluster ready at ${cluster.url}, context "${contextName(folder)}"`, started)
  const owned = stack.move()
  return { cluster, record, [Symbol.asyncDispose]: () => owned.disposeAsync() }
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
  const before = await readClusterRecord(folder)
  const kubeconfigs = [...new Set([...(before?.kubeconfigs ?? []), options.kubeconfig])]
  if (before !== undefined) {
    const { podCIDR, serviceCIDR, nodeName } = options
    requireKeptChoices(folder, before, { podCIDR, serviceCIDR, nodeName })
    const apiPort = await availablePort(options.apiPort ?? before.apiPort)
    // Nobody chose the kubelet's port: another one does as well.
    const kubeletPort = await reservePort(before.kubeletPort)
    const nodeIP = await readMachineAddress(signal)
    return { record: { ...before, apiPort, kubeletPort: kubeletPort.port, nodeIP, kubeconfigs }, kubeletPort }
  }
  const apiPort = options.apiPort === undefined ? await freePort(6443) : await availablePort(options.apiPort)
  const { kubeletPort, ...chosen } = await chooseForMachine(options, signal)
  const serviceCIDR = options.serviceCIDR ?? defaultServiceCIDR
  return { record: { ...chosen, apiPort, kubeletPort: kubeletPort.port, serviceCIDR, kubeconfigs }, kubeletPort }
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
