import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import type { Clock } from '#base/clock.ts'
import type { ImageService, RuntimeEvent, RuntimeService } from '../cri.ts'
import { ImageService as imageService, RuntimeService as runtimeService } from '../gen/runtime.gen.ts'
import { invoke } from './call.ts'
import { containerdEvents } from './containerd-events.ts'
import { criEvents } from './cri-events.ts'
import type { Transport } from './transport.ts'

type Runtime = typeof runtimeService.method
type Image = typeof imageService.method
type Input<M extends { input: DescMessage }> = MessageInitShape<M['input']>
type Output<M extends { output: DescMessage }> = Promise<MessageShape<M['output']>>

/** A CRI runtime behind a socket. One object serves any number of calls at once. */
export class RemoteRuntime implements RuntimeService, ImageService {
  readonly #transport: Transport
  readonly #clock: Clock

  /** The transport stays the caller's: it is not closed here. */
  constructor(options: { transport: Transport; clock: Clock }) {
    this.#transport = options.transport
    this.#clock = options.clock
  }

  #call<M extends { parent: { typeName: string }; name: string; input: DescMessage; output: DescMessage }>(
    method: M,
    request: Input<M>,
    signal: AbortSignal,
  ): Output<M> {
    const { parent, name, input, output } = method
    return invoke(this.#transport, { path: `/${parent.typeName}/${name}`, input, output }, request, signal) as Output<M>
  }

  version(signal: AbortSignal): Output<Runtime['version']> {
    return this.#call(runtimeService.method.version, {}, signal)
  }

  status(request: Input<Runtime['status']>, signal: AbortSignal): Output<Runtime['status']> {
    return this.#call(runtimeService.method.status, request, signal)
  }

  runtimeConfig(signal: AbortSignal): Output<Runtime['runtimeConfig']> {
    return this.#call(runtimeService.method.runtimeConfig, {}, signal)
  }

  async updateRuntimeConfig(request: Input<Runtime['updateRuntimeConfig']>, signal: AbortSignal): Promise<void> {
    await this.#call(runtimeService.method.updateRuntimeConfig, request, signal)
  }

  runPodSandbox(request: Input<Runtime['runPodSandbox']>, signal: AbortSignal): Output<Runtime['runPodSandbox']> {
    return this.#call(runtimeService.method.runPodSandbox, request, signal)
  }

  async stopPodSandbox(request: Input<Runtime['stopPodSandbox']>, signal: AbortSignal): Promise<void> {
    await this.#call(runtimeService.method.stopPodSandbox, request, signal)
  }

  async removePodSandbox(request: Input<Runtime['removePodSandbox']>, signal: AbortSignal): Promise<void> {
    await this.#call(runtimeService.method.removePodSandbox, request, signal)
  }

  podSandboxStatus(request: Input<Runtime['podSandboxStatus']>, signal: AbortSignal): Output<Runtime['podSandboxStatus']> {
    return this.#call(runtimeService.method.podSandboxStatus, request, signal)
  }

  listPodSandbox(request: Input<Runtime['listPodSandbox']>, signal: AbortSignal): Output<Runtime['listPodSandbox']> {
    return this.#call(runtimeService.method.listPodSandbox, request, signal)
  }

  async updatePodSandboxResources(request: Input<Runtime['updatePodSandboxResources']>, signal: AbortSignal): Promise<void> {
    await this.#call(runtimeService.method.updatePodSandboxResources, request, signal)
  }

  createContainer(request: Input<Runtime['createContainer']>, signal: AbortSignal): Output<Runtime['createContainer']> {
    return this.#call(runtimeService.method.createContainer, request, signal)
  }

  async startContainer(request: Input<Runtime['startContainer']>, signal: AbortSignal): Promise<void> {
    await this.#call(runtimeService.method.startContainer, request, signal)
  }

  async stopContainer(request: Input<Runtime['stopContainer']>, signal: AbortSignal): Promise<void> {
    await this.#call(runtimeService.method.stopContainer, request, signal)
  }

  async removeContainer(request: Input<Runtime['removeContainer']>, signal: AbortSignal): Promise<void> {
    await this.#call(runtimeService.method.removeContainer, request, signal)
  }

  containerStatus(request: Input<Runtime['containerStatus']>, signal: AbortSignal): Output<Runtime['containerStatus']> {
    return this.#call(runtimeService.method.containerStatus, request, signal)
  }

  listContainers(request: Input<Runtime['listContainers']>, signal: AbortSignal): Output<Runtime['listContainers']> {
    return this.#call(runtimeService.method.listContainers, request, signal)
  }

  async updateContainerResources(request: Input<Runtime['updateContainerResources']>, signal: AbortSignal): Promise<void> {
    await this.#call(runtimeService.method.updateContainerResources, request, signal)
  }

  async reopenContainerLog(request: Input<Runtime['reopenContainerLog']>, signal: AbortSignal): Promise<void> {
    await this.#call(runtimeService.method.reopenContainerLog, request, signal)
  }

  execSync(request: Input<Runtime['execSync']>, signal: AbortSignal): Output<Runtime['execSync']> {
    return this.#call(runtimeService.method.execSync, request, signal)
  }

  exec(request: Input<Runtime['exec']>, signal: AbortSignal): Output<Runtime['exec']> {
    return this.#call(runtimeService.method.exec, request, signal)
  }

  attach(request: Input<Runtime['attach']>, signal: AbortSignal): Output<Runtime['attach']> {
    return this.#call(runtimeService.method.attach, request, signal)
  }

  portForward(request: Input<Runtime['portForward']>, signal: AbortSignal): Output<Runtime['portForward']> {
    return this.#call(runtimeService.method.portForward, request, signal)
  }

  containerStats(request: Input<Runtime['containerStats']>, signal: AbortSignal): Output<Runtime['containerStats']> {
    return this.#call(runtimeService.method.containerStats, request, signal)
  }

  listContainerStats(request: Input<Runtime['listContainerStats']>, signal: AbortSignal): Output<Runtime['listContainerStats']> {
    return this.#call(runtimeService.method.listContainerStats, request, signal)
  }

  podSandboxStats(request: Input<Runtime['podSandboxStats']>, signal: AbortSignal): Output<Runtime['podSandboxStats']> {
    return this.#call(runtimeService.method.podSandboxStats, request, signal)
  }

  listPodSandboxStats(request: Input<Runtime['listPodSandboxStats']>, signal: AbortSignal): Output<Runtime['listPodSandboxStats']> {
    return this.#call(runtimeService.method.listPodSandboxStats, request, signal)
  }

  listImages(request: Input<Image['listImages']>, signal: AbortSignal): Output<Image['listImages']> {
    return this.#call(imageService.method.listImages, request, signal)
  }

  imageStatus(request: Input<Image['imageStatus']>, signal: AbortSignal): Output<Image['imageStatus']> {
    return this.#call(imageService.method.imageStatus, request, signal)
  }

  pullImage(request: Input<Image['pullImage']>, signal: AbortSignal): Output<Image['pullImage']> {
    return this.#call(imageService.method.pullImage, request, signal)
  }

  async removeImage(request: Input<Image['removeImage']>, signal: AbortSignal): Promise<void> {
    await this.#call(imageService.method.removeImage, request, signal)
  }

  imageFsInfo(signal: AbortSignal): Output<Image['imageFsInfo']> {
    return this.#call(imageService.method.imageFsInfo, {}, signal)
  }

  async *containerEvents(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const { runtimeName, runtimeVersion } = await this.version(signal)
    if (hasContainerEvents(runtimeName, runtimeVersion)) yield* criEvents(this.#transport, signal)
    else yield* containerdEvents({ transport: this.#transport, runtime: this, clock: this.#clock }, signal)
  }
}

/** GetContainerEvents is missing in containerd before 1.7. */
function hasContainerEvents(runtimeName: string, runtimeVersion: string): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(runtimeVersion) ?? []
  return runtimeName !== 'containerd' || Number(major) > 1 || Number(minor) >= 7
}
