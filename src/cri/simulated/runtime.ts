import type { Duplex } from 'node:stream'
import type { ExecInit, ExecStreams, ImageService, InProcessStreams, RuntimeEvent, RuntimeService } from '../cri.ts'
import { CRIError } from '../error.ts'
import { CgroupDriver, type ImageSpec } from '../gen/runtime.gen.ts'
import * as containers from './container-verbs.ts'
import { attachTo, executeOn, executeSync } from './exec.ts'
import { SimulatedFaults, type Verb } from './faults.ts'
import { loseProgram } from './container-end.ts'
import { type NodeOptions, SimulatedNode } from './node.ts'
import { restoreState, saveState, type SimulatedNodeState } from './node-state.ts'
import { toImage } from './node-images.ts'
import { HostEndpoint, listenerOf } from './ports.ts'
import { simulatedVersion, statusOf } from './runtime-status.ts'
import * as sandboxes from './sandbox-verbs.ts'
import * as stats from './stats.ts'

type Services = RuntimeService & ImageService
type Request<V extends keyof Services> = Parameters<Services[V]>[0]
type Answer<V extends keyof Services> = ReturnType<Services[V]>

export interface SimulatedRuntimeOptions extends NodeOptions {
  /** What calls take on this node; 0 for those that are missing. */
  latencyMs?: Partial<Record<Verb, number>>
}

/**
 * A container runtime without containers: sandboxes, containers and images with the states, reasons, exit codes and events of
 * containerd, on the cluster's clock. What a container does is what its image says (see SimulatedImages). A container that has nothing to
 * do costs no timer.
 */
export class SimulatedRuntime implements RuntimeService, ImageService, InProcessStreams, Disposable {
  readonly #node: SimulatedNode
  #faults: SimulatedFaults | undefined

  /**
   * @param state of a runtime that this one takes the place of, in another environment (its own network, and a clock that shows the same time)
   * @throws Error for options that make no sense
   */
  constructor(options: SimulatedRuntimeOptions, state?: SimulatedNodeState) {
    this.#node = new SimulatedNode(options, state)
    if (options.nodeIP !== undefined) options.environment.network.attach(options.nodeIP, new HostEndpoint(this.#node))
    for (const [verb, delayMs] of Object.entries(options.latencyMs ?? {})) {
      this.faults.delay(verb as Verb, delayMs, { times: Number.POSITIVE_INFINITY })
    }
    if (state === undefined) return
    if (state.faults !== undefined) this.#faults = new SimulatedFaults(this.#node, state.faults)
    restoreState(this.#node, state)
  }

  /** Nothing more can be written. */
  get isDiskFull(): boolean {
    return this.#node.diskFull
  }

  /** Lets things go wrong on this node. */
  get faults(): SimulatedFaults {
    this.#faults ??= new SimulatedFaults(this.#node)
    return this.#faults
  }

  /** Calls that take their time, and that a copy would not go on with; those that wait for the end of a container are not counted. */
  get callsUnderWay(): number {
    return this.#node.sleeping
  }

  /**
   * A copy of all that the node is. Scripts go on where they are in a runtime that is made with it; images that are functions begin anew, and
   * calls under way stay here.
   */
  get state(): SimulatedNodeState {
    return saveState(this.#node, this.#faults?.state)
  }

  /** The node is taken away for good: timers, programs and addresses are given back, event streams end. */
  [Symbol.dispose](): void {
    const node = this.#node
    node.interrupt(new CRIError('Unavailable', 'the simulated runtime was closed'))
    node.events.break()
    for (const container of node.containers.values()) loseProgram(container)
    for (const sandbox of node.sandboxes.values()) sandboxes.releaseAddress(node, sandbox)
    if (node.options.nodeIP !== undefined) node.environment.network.detach(node.options.nodeIP)
  }

  #admit(verb: Verb, signal: AbortSignal): Promise<void> | undefined {
    signal.throwIfAborted()
    return this.#faults?.admit(verb, signal)
  }

  async version(signal: AbortSignal): Answer<'version'> {
    await this.#admit('version', signal)
    return simulatedVersion
  }

  async status(_: Request<'status'>, signal: AbortSignal): Answer<'status'> {
    await this.#admit('status', signal)
    return statusOf({ isNetworkReady: this.#node.podCIDR !== undefined }, this.#node.options.runtimeHandlers)
  }

  async runtimeConfig(signal: AbortSignal): Answer<'runtimeConfig'> {
    await this.#admit('runtimeConfig', signal)
    const linux = { $typeName: 'runtime.v1.LinuxRuntimeConfiguration', cgroupDriver: CgroupDriver.CGROUPFS } as const
    return { $typeName: 'runtime.v1.RuntimeConfigResponse', linux }
  }

  /** Takes the first IPv4 range as that of the pods, when the node has none. */
  async updateRuntimeConfig({ runtimeConfig }: Request<'updateRuntimeConfig'>, signal: AbortSignal): Promise<void> {
    await this.#admit('updateRuntimeConfig', signal)
    const range = (runtimeConfig?.networkConfig?.podCidr ?? '').split(',').find(text => text.includes('.'))
    if (range !== undefined && this.#node.podCIDR === undefined) this.#node.setPodCIDR(range.trim())
  }

  async runPodSandbox(request: Request<'runPodSandbox'>, signal: AbortSignal): Answer<'runPodSandbox'> {
    await this.#admit('runPodSandbox', signal)
    return sandboxes.runPodSandbox(this.#node, request)
  }

  async stopPodSandbox(request: Request<'stopPodSandbox'>, signal: AbortSignal): Promise<void> {
    await this.#admit('stopPodSandbox', signal)
    sandboxes.stopPodSandbox(this.#node, request)
  }

  async removePodSandbox(request: Request<'removePodSandbox'>, signal: AbortSignal): Promise<void> {
    await this.#admit('removePodSandbox', signal)
    sandboxes.removePodSandbox(this.#node, request)
  }

  async podSandboxStatus(request: Request<'podSandboxStatus'>, signal: AbortSignal): Answer<'podSandboxStatus'> {
    await this.#admit('podSandboxStatus', signal)
    return sandboxes.podSandboxStatus(this.#node, request)
  }

  async listPodSandbox(request: Request<'listPodSandbox'>, signal: AbortSignal): Answer<'listPodSandbox'> {
    await this.#admit('listPodSandbox', signal)
    return sandboxes.listPodSandbox(this.#node, request)
  }

  async updatePodSandboxResources(request: Request<'updatePodSandboxResources'>, signal: AbortSignal): Promise<void> {
    await this.#admit('updatePodSandboxResources', signal)
    this.#node.sandbox(request.podSandboxId ?? '')
  }

  async createContainer(request: Request<'createContainer'>, signal: AbortSignal): Answer<'createContainer'> {
    await this.#admit('createContainer', signal)
    return containers.createContainer(this.#node, request)
  }

  async startContainer(request: Request<'startContainer'>, signal: AbortSignal): Promise<void> {
    await this.#admit('startContainer', signal)
    await containers.startContainer(this.#node, request, signal)
  }

  async stopContainer(request: Request<'stopContainer'>, signal: AbortSignal): Promise<void> {
    await this.#admit('stopContainer', signal)
    await containers.stopContainer(this.#node, request, signal)
  }

  async removeContainer(request: Request<'removeContainer'>, signal: AbortSignal): Promise<void> {
    await this.#admit('removeContainer', signal)
    containers.removeContainer(this.#node, request)
  }

  async containerStatus(request: Request<'containerStatus'>, signal: AbortSignal): Answer<'containerStatus'> {
    await this.#admit('containerStatus', signal)
    return containers.containerStatus(this.#node, request)
  }

  async listContainers(request: Request<'listContainers'>, signal: AbortSignal): Answer<'listContainers'> {
    await this.#admit('listContainers', signal)
    return containers.listContainers(this.#node, request)
  }

  async updateContainerResources(request: Request<'updateContainerResources'>, signal: AbortSignal): Promise<void> {
    await this.#admit('updateContainerResources', signal)
    containers.updateContainerResources(this.#node, request)
  }

  async reopenContainerLog(request: Request<'reopenContainerLog'>, signal: AbortSignal): Promise<void> {
    await this.#admit('reopenContainerLog', signal)
    containers.reopenContainerLog(this.#node, request)
  }

  async execSync({ containerId = '', cmd = [], timeout = 0n }: Request<'execSync'>, signal: AbortSignal): Answer<'execSync'> {
    await this.#admit('execSync', signal)
    const container = this.#node.container(containerId, `failed to exec in container: failed to find container "${containerId}" in store`)
    const result = await executeSync(this.#node, container, { command: cmd, timeoutMs: Number(timeout) * 1_000 }, signal)
    return { $typeName: 'runtime.v1.ExecSyncResponse', ...result }
  }

  /** There is no streaming server: see `runExec`. */
  async exec(_: Request<'exec'>, signal: AbortSignal): Answer<'exec'> {
    await this.#admit('exec', signal)
    throw noURL()
  }

  /** There is no streaming server: see `runAttach`. */
  async attach(_: Request<'attach'>, signal: AbortSignal): Answer<'attach'> {
    await this.#admit('attach', signal)
    throw noURL()
  }

  /** There is no streaming server: see `openPort`. */
  async portForward(_: Request<'portForward'>, signal: AbortSignal): Answer<'portForward'> {
    await this.#admit('portForward', signal)
    throw noURL()
  }

  async runExec({ containerId, cmd, tty = false }: ExecInit, streams: ExecStreams): Promise<number> {
    await this.#admit('exec', streams.signal)
    const container = this.#node.container(containerId, `failed to find container "${containerId}" in store`)
    return this.#node.wait(executeOn(this.#node, container, { command: cmd, tty }, streams), streams.signal)
  }

  async runAttach({ containerId }: { containerId: string }, streams: ExecStreams): Promise<void> {
    await this.#admit('attach', streams.signal)
    await attachTo(this.#node.container(containerId, `failed to find container "${containerId}" in store`), streams)
  }

  async openPort({ podSandboxId, port }: { podSandboxId: string; port: number }, signal: AbortSignal): Promise<Duplex> {
    await this.#admit('portForward', signal)
    const sandbox = this.#node.sandbox(podSandboxId, `failed to find sandbox "${podSandboxId}"`)
    if (!sandbox.ready) throw new CRIError('Unknown', 'sandbox container is not running')
    const listener = listenerOf(this.#node, sandbox, port)
    if (listener === undefined) {
      const where = `failed to connect to localhost:${port} inside namespace "${podSandboxId}"`
      throw new CRIError('Unknown', `${where}: dial tcp4 127.0.0.1:${port}: connect: connection refused`)
    }
    return this.#node.environment.network.open(listener, port)
  }

  async containerStats(request: Request<'containerStats'>, signal: AbortSignal): Answer<'containerStats'> {
    await this.#admit('containerStats', signal)
    return stats.containerStats(this.#node, request)
  }

  async listContainerStats(request: Request<'listContainerStats'>, signal: AbortSignal): Answer<'listContainerStats'> {
    await this.#admit('listContainerStats', signal)
    return stats.listContainerStats(this.#node, request)
  }

  async podSandboxStats(request: Request<'podSandboxStats'>, signal: AbortSignal): Answer<'podSandboxStats'> {
    await this.#admit('podSandboxStats', signal)
    return stats.podSandboxStats(this.#node, request)
  }

  async listPodSandboxStats(request: Request<'listPodSandboxStats'>, signal: AbortSignal): Answer<'listPodSandboxStats'> {
    await this.#admit('listPodSandboxStats', signal)
    return stats.listPodSandboxStats(this.#node, request)
  }

  containerEvents(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#node.events.subscribe(signal, () => this.#admit('containerEvents', signal))
  }

  async listImages({ filter }: Request<'listImages'>, signal: AbortSignal): Answer<'listImages'> {
    await this.#admit('listImages', signal)
    return { $typeName: 'runtime.v1.ListImagesResponse', images: this.#node.images.list(nameOf(filter?.image)) }
  }

  async imageStatus({ image }: Request<'imageStatus'>, signal: AbortSignal): Answer<'imageStatus'> {
    await this.#admit('imageStatus', signal)
    const present = this.#node.images.find(nameOf(image))
    return { $typeName: 'runtime.v1.ImageStatusResponse', ...(present !== undefined && { image: toImage(present) }), info: {} }
  }

  async pullImage({ image: spec, auth }: Request<'pullImage'>, signal: AbortSignal): Answer<'pullImage'> {
    await this.#admit('pullImage', signal)
    const { image, reference, pullMs } = this.#node.images.admitPull(nameOf(spec))
    if (pullMs > 0) await this.#node.sleep(pullMs, signal)
    this.#node.requireDisk(`failed to pull and unpack image "${nameOf(spec)}": failed to extract layer`)
    this.#node.images.finishPull(image, reference, auth)
    return { $typeName: 'runtime.v1.PullImageResponse', imageRef: image.id }
  }

  async removeImage({ image }: Request<'removeImage'>, signal: AbortSignal): Promise<void> {
    await this.#admit('removeImage', signal)
    this.#node.images.remove(nameOf(image))
  }

  async imageFsInfo(signal: AbortSignal): Answer<'imageFsInfo'> {
    await this.#admit('imageFsInfo', signal)
    return stats.imageFsInfo(this.#node)
  }
}

function nameOf(spec: Partial<ImageSpec> | undefined): string {
  return spec?.image ?? ''
}

function noURL(): CRIError {
  return new CRIError('Unimplemented', 'the simulated runtime has no streaming server; it carries streams in this process')
}
