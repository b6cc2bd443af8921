import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { RuntimeConnection } from '#cri/remote/connect.ts'
import { connectRuntime } from '#cri/remote/connect.ts'
import {
  addressOwners,
  type Egress,
  nodePodCIDR,
  outwardMTU,
  readRoutes,
  releaseAddresses,
  setUpPodNetwork,
  type PodNetworkOptions,
} from '#network/cni/index.ts'
import { type ClusterFolder, type ClusterRecord } from '../cluster-folder.ts'
import {
  type ContainerdHandle,
  type ContainerdOptions,
  containerdPaths,
  ensureContainerd,
  everyHost,
  type SandboxNetwork,
  setRegistryMirror,
} from '../containerd/index.ts'
import { cniPluginFolder } from '../machine.ts'
import { ensureSandboxImage, sandboxImageName } from '../sandbox-image/index.ts'

export interface NodeRuntimeOptions {
  folder: ClusterFolder
  record: ClusterRecord
  /** How Pods reach what is outside of the cluster. */
  egress: Egress
  clock: Clock
  log: Logger
  onStep(what: string, startedMs: number): void
}

const restartDelayMs = 100
const restartDelayMsMax = 10_000

/** State that all clusters of this machine share. */
export const machineFolder = '/run/coxswain/machine'

/** The pod network of the cluster, without a way out: what is set up is what is removed. */
export function podNetworkOptions(folder: ClusterFolder, record: ClusterRecord): PodNetworkOptions & { machineFolder: string } {
  return {
    clusterID: folder.id,
    clusterCIDR: record.podCIDR,
    nodeCIDR: nodePodCIDR(record.podCIDR, 0)!,
    serviceCIDR: record.serviceCIDR,
    egress: 'none',
    confFolder: folder.cniConf,
    ipamFolder: folder.cniIPAM,
    machineFolder,
  }
}

/** What sandboxes have of the cluster's pod network. */
export function sandboxNetwork(folder: ClusterFolder, record: ClusterRecord): SandboxNetwork {
  const [options, binFolder] = [podNetworkOptions(folder, record), cniPluginFolder()]
  return {
    binFolder,
    owners: () => addressOwners(options),
    release: (ids, signal) => releaseAddresses({ ...options, ids, binFolder }, signal),
  }
}

export function containerdFolders(folder: ClusterFolder): { dataFolder: string; runFolder: string } {
  return { dataFolder: folder.containerd, runFolder: `${folder.run}/containerd` }
}

/** The runtime of the machine's node: guard routes first, then containerd with the sandbox image, kept alive until disposed. */
export class NodeRuntime implements Disposable {
  readonly connection: RuntimeConnection
  readonly version: string
  readonly #options: NodeRuntimeOptions
  readonly #lifetime = new AbortController()
  #handle: ContainerdHandle

  private constructor(options: NodeRuntimeOptions, handle: ContainerdHandle) {
    this.#options = options
    this.#handle = handle
    this.version = handle.version
    this.connection = connectRuntime({ socketPath: handle.socketPath, clock: options.clock })
    this.#watch()
  }

  static async start(options: NodeRuntimeOptions, signal: AbortSignal): Promise<NodeRuntime> {
    const { folder, record, clock, onStep } = options
    const started = clock.monotonicMs()
    const setUpNetwork = async () => {
      const mtu = await outwardMTU(await readRoutes(signal))
      await setUpPodNetwork({ ...podNetworkOptions(folder, record), egress: options.egress, ...(mtu === undefined ? {} : { mtu }) }, signal)
      onStep(`pod network ${record.podCIDR}, kept on this machine by guard routes`, started)
    }
    using startedParts = new DisposableStack()
    const startRuntime = async () => {
      const handle = await ensureContainerd(containerdOptions(options), signal)
      const node = startedParts.use(new NodeRuntime(options, handle))
      const { transport, runtime } = node.connection
      await ensureSandboxImage({ transport, images: runtime, clock, architecture: process.arch }, signal)
      onStep(`containerd ${handle.version} ${handle.adopted ? 'adopted' : 'started'}`, started)
      return node
    }
    // The first sandbox, which makes the bridge, comes after both.
    const [network, runtime] = await Promise.allSettled([setUpNetwork(), startRuntime()])
    if (network.status === 'rejected') throw network.reason
    if (runtime.status === 'rejected') throw runtime.reason
    startedParts.move()
    return runtime.value
  }

  /** Takes every image pull from now on; undefined: the registries that image names say. containerd reads it at each pull. */
  async setMirror(mirrorURL: string | undefined): Promise<void> {
    await setRegistryMirror({ folder: containerdPaths(containerdFolders(this.#options.folder)).registries, host: everyHost, mirrorURL })
  }

  /** Stops watching; containerd and its pods go on. */
  [Symbol.dispose](): void {
    this.#lifetime.abort(new Error('node runtime disposed'))
    this.connection[Symbol.dispose]()
    this.#handle[Symbol.dispose]()
  }

  /** containerd that dies is brought back: its pods did not notice. Should this break, it breaks loudly: nothing else would tell. */
  #watch(): void {
    const { signal } = this.#lifetime
    this.#keepRunning(signal).catch(error => {
      if (!signal.aborted) throw error
    })
  }

  async #keepRunning(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    let delayMs = restartDelayMs
    for (;;) {
      const startedMs = clock.monotonicMs()
      await this.#handle.exited
      if (signal.aborted) return
      log.warn('containerd ended: starting it again', { pid: this.#handle.pid })
      this.#handle[Symbol.dispose]()
      // One that dies as soon as it runs would make us spin.
      if (clock.monotonicMs() - startedMs >= restartDelayMsMax) delayMs = restartDelayMs
      else {
        await clock.sleep(delayMs, signal)
        delayMs = Math.min(delayMs * 2, restartDelayMsMax)
      }
      const handle = await this.#startAgain(signal)
      if (signal.aborted) handle[Symbol.dispose]()
      else this.#handle = handle
    }
  }

  async #startAgain(signal: AbortSignal): Promise<ContainerdHandle> {
    const { clock, log } = this.#options
    for (let delayMs = restartDelayMs; ; delayMs = Math.min(delayMs * 2, restartDelayMsMax)) {
      try {
        return await ensureContainerd(containerdOptions(this.#options), signal)
      } catch (error) {
        signal.throwIfAborted()
        log.error('containerd does not start', { error, retryInMs: delayMs })
        await clock.sleep(delayMs, signal)
      }
    }
  }
}

function containerdOptions({ folder, record, clock, log }: NodeRuntimeOptions): ContainerdOptions {
  return {
    ...containerdFolders(folder),
    clock,
    logger: log.child({ component: 'containerd' }),
    sandboxImage: sandboxImageName,
    cni: { binFolder: cniPluginFolder(), confFolder: folder.cniConf },
    network: sandboxNetwork(folder, record),
  }
}
