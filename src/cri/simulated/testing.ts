import { type Clock, VirtualClock } from '#base/clock.ts'
import { SeededRandom } from '#base/random.ts'
import type { ContainerConfigInit, PodSandboxConfigInit } from '../cri.ts'
import type { ContainerStatus } from '../gen/runtime.gen.ts'
import { type NodeFiles, type SimulatedEnvironment, simulatedEnvironment } from './environment.ts'
import type { ImageOptions, SimulatedImage } from './image.ts'
import { SimulatedImages, type SimulatedImagesOptions } from './images.ts'
import { MemoryLogStore } from './log-store.ts'
import { SimulatedRuntime, type SimulatedRuntimeOptions } from './runtime.ts'

export const forever = AbortSignal.any([])

/** One node with virtual time, for tests. */
export class TestNode {
  readonly clock = new VirtualClock()
  readonly logs = new MemoryLogStore()
  readonly images: SimulatedImages
  readonly environment: SimulatedEnvironment
  readonly runtime: SimulatedRuntime
  readonly files = new Map<string, Uint8Array>()
  readonly events: string[] = []
  #pods = 0

  constructor(options: Partial<SimulatedRuntimeOptions> & { images?: SimulatedImagesOptions } = {}) {
    const { images, ...rest } = options
    this.images = new SimulatedImages(images)
    this.environment = simulatedEnvironment({ clock: this.clock as Clock, logs: this.logs, images: this.images })
    const files: NodeFiles = {
      readFile: async path => this.files.get(path),
      writeFile: async (path, content) => void this.files.set(path, Buffer.from(content)),
      makeDirectory: async () => undefined,
      remove: async path => void this.files.delete(path),
      list: async path => [...this.files.keys()].filter(each => each.startsWith(`${path}/`)).map(each => each.slice(path.length + 1)),
    }
    const nodeDefaults = { podCIDR: '10.1.0.0/24', nodeIP: '192.168.0.1', nodeName: 'node', files, random: new SeededRandom(1) }
    this.runtime = new SimulatedRuntime({ ...nodeDefaults, ...rest, environment: this.environment })
  }

  /** Collects events as `Type id` with the first letters of the ID. */
  async watch(): Promise<void> {
    const stream = this.runtime.containerEvents(forever)[Symbol.asyncIterator]()
    await stream.next()
    const read = async (): Promise<void> => {
      for (let { value, done } = await stream.next(); done !== true; { value, done } = await stream.next()) this.events.push(value.type)
    }
    read().catch(error => this.events.push(error.message))
  }

  async sandbox({ dnsConfig }: Pick<PodSandboxConfigInit, 'dnsConfig'> = {}): Promise<string> {
    const metadata = { name: `pod-${++this.#pods}`, namespace: 'default', uid: `uid-${this.#pods}`, attempt: 0 }
    const whole = {
      metadata,
      hostname: metadata.name,
      logDirectory: `/logs/${metadata.name}`,
      ...(dnsConfig !== undefined && { dnsConfig }),
    }
    return (await this.runtime.runPodSandbox({ config: whole }, forever)).podSandboxId
  }

  /** A container of an image, created in a pod of its own. */
  async create(
    image: SimulatedImage,
    config: ContainerConfigInit = {},
    options: ImageOptions = {},
  ): Promise<{ podSandboxId: string; containerId: string }> {
    const name = `image-${this.#pods + 1}`
    this.images.define(name, image, options)
    const podSandboxId = await this.sandbox()
    await this.runtime.pullImage({ image: { image: name } }, forever)
    const whole = { metadata: { name: 'main', attempt: 0 }, image: { image: name }, logPath: 'main.log', ...config } as ContainerConfigInit
    const { containerId } = await this.runtime.createContainer({ podSandboxId, config: whole }, forever)
    return { podSandboxId, containerId }
  }

  async start(image: SimulatedImage, config: ContainerConfigInit = {}): Promise<{ podSandboxId: string; containerId: string }> {
    const ids = await this.create(image, config)
    await this.runtime.startContainer({ containerId: ids.containerId }, forever)
    // What the program does at once.
    await this.clock.advance(0)
    return ids
  }

  async status(containerId: string): Promise<ContainerStatus> {
    return (await this.runtime.containerStatus({ containerId }, forever)).status!
  }

  /** `running`, or how it ended. */
  async state(containerId: string): Promise<string> {
    const { state, exitCode, reason } = await this.status(containerId)
    return state === 2 ? `${reason} ${exitCode}` : (['created', 'running'][state as number] ?? 'unknown')
  }

  async ipOf(podSandboxId: string): Promise<string> {
    return (await this.runtime.podSandboxStatus({ podSandboxId }, forever)).status!.network!.ip
  }

  /** The log without times. */
  async log(containerId: string): Promise<string[]> {
    const { logPath } = await this.status(containerId)
    const { start, end } = this.logs.extent(logPath)
    return this.logs
      .read(logPath, start, end - start)
      .toString()
      .split('\n')
      .slice(0, -1)
      .map(line => line.replace(/^\S+ /, ''))
  }

  /** Stops while time goes on. */
  async stop(containerId: string, graceSeconds: number): Promise<void> {
    const stopping = this.runtime.stopContainer({ containerId, timeout: BigInt(graceSeconds) }, forever)
    await this.clock.advance(graceSeconds * 1_000)
    await stopping
  }
}
