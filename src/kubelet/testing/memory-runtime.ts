import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf'
import { AsyncQueue } from '#base/async-queue.ts'
import type { Clock } from '#base/clock.ts'
import type { ImageService, RuntimeEvent, RuntimeEventType, RuntimeService } from '#cri/cri.ts'
import { CRIError } from '#cri/error.ts'
import * as cri from '#cri/gen/runtime.gen.ts'

type Request<S extends DescMessage> = MessageInitShape<S>

interface MemoryContainer {
  status: cri.ContainerStatus
  sandboxID: string
}

/** A runtime whose containers do what the test says: for tests of the kubelet alone. */
export class MemoryRuntime {
  readonly #clock: Clock
  readonly #queues = new Set<AsyncQueue<RuntimeEvent>>()
  readonly #present = new Set<string>()
  #count = 0
  readonly sandboxes = new Map<string, cri.PodSandboxStatus>()
  readonly containers = new Map<string, MemoryContainer>()
  readonly configs = new Map<string, cri.ContainerConfig>()
  /** Calls in the order in which they came: `runPodSandbox`, `startContainer web`, … */
  readonly calls: string[] = []
  /** Images that a pull finds, by name. */
  readonly registry = new Set<string>()
  networkReady = true
  /** Names of containers that end only when their grace period is over. */
  readonly stubborn = new Set<string>()
  /** What commands run in containers do. */
  exec: (command: readonly string[], signal: AbortSignal) => Promise<{ exitCode: number; stderr?: string }> = async () => ({ exitCode: 0 })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get service(): RuntimeService {
    return this as unknown as RuntimeService
  }

  get images(): ImageService {
    return this as unknown as ImageService
  }

  /** The container of that name that runs now ends. */
  exit(name: string, exitCode: number): void {
    const container = [...this.containers.values()].find(
      ({ status }) => status.metadata?.name === name && status.state === cri.ContainerState.CONTAINER_RUNNING,
    )
    if (container === undefined) throw new Error(`container ${name} does not run`)
    this.#end(container, exitCode)
  }

  async version(): Promise<cri.VersionResponse> {
    return create(cri.VersionResponseSchema, { runtimeName: 'memory', runtimeVersion: '1' })
  }

  async status(): Promise<cri.StatusResponse> {
    const network = {
      type: 'NetworkReady',
      status: this.networkReady,
      reason: this.networkReady ? '' : 'NetworkPluginNotReady',
      message: '',
    }
    return create(cri.StatusResponseSchema, { status: { conditions: [{ type: 'RuntimeReady', status: true }, network] } })
  }

  async runPodSandbox({ config }: Request<typeof cri.RunPodSandboxRequestSchema>): Promise<cri.RunPodSandboxResponse> {
    this.calls.push('runPodSandbox')
    const id = `sandbox-${++this.#count}`
    const full = message(cri.PodSandboxConfigSchema, config)
    const { metadata, labels, annotations } = full
    const status = create(cri.PodSandboxStatusSchema, {
      id,
      createdAt: this.#now(),
      network: { ip: `10.0.0.${this.#count}` },
      labels,
      annotations,
    })
    if (metadata !== undefined) status.metadata = metadata
    this.sandboxes.set(id, status)
    this.#emit('Started', id, id, metadata?.uid ?? '')
    return create(cri.RunPodSandboxResponseSchema, { podSandboxId: id })
  }

  async stopPodSandbox({ podSandboxId = '' }: Request<typeof cri.StopPodSandboxRequestSchema>): Promise<void> {
    this.calls.push('stopPodSandbox')
    const sandbox = this.sandboxes.get(podSandboxId)
    if (sandbox === undefined) return
    for (const container of this.containers.values()) if (container.sandboxID === podSandboxId) this.#end(container, 137)
    sandbox.state = cri.PodSandboxState.SANDBOX_NOTREADY
    this.#emit('Stopped', podSandboxId, podSandboxId, sandbox.metadata?.uid ?? '')
  }

  async removePodSandbox({ podSandboxId = '' }: Request<typeof cri.RemovePodSandboxRequestSchema>): Promise<void> {
    this.calls.push('removePodSandbox')
    for (const [id, { sandboxID }] of this.containers) if (sandboxID === podSandboxId) this.containers.delete(id)
    this.sandboxes.delete(podSandboxId)
    this.#emit('Deleted', podSandboxId, podSandboxId, '')
  }

  async podSandboxStatus({ podSandboxId = '' }: Request<typeof cri.PodSandboxStatusRequestSchema>): Promise<cri.PodSandboxStatusResponse> {
    const status = this.sandboxes.get(podSandboxId)
    if (status === undefined) throw new CRIError('NotFound', `sandbox ${podSandboxId}`)
    return create(cri.PodSandboxStatusResponseSchema, { status: { ...status } })
  }

  async listPodSandbox(): Promise<cri.ListPodSandboxResponse> {
    const items = [...this.sandboxes.values()].map(({ id, state, labels, createdAt }) => ({ id, state, labels, createdAt }))
    return create(cri.ListPodSandboxResponseSchema, { items })
  }

  async createContainer({
    podSandboxId = '',
    config,
  }: Request<typeof cri.CreateContainerRequestSchema>): Promise<cri.CreateContainerResponse> {
    const full = message(cri.ContainerConfigSchema, config)
    const { metadata, labels, annotations } = full
    this.calls.push(`createContainer ${metadata?.name}`)
    const id = `container-${++this.#count}`
    const image = full.image?.image ?? ''
    const status = create(cri.ContainerStatusSchema, {
      id,
      createdAt: this.#now(),
      labels,
      annotations,
      imageRef: image,
      logPath: `/logs/${id}`,
    })
    if (metadata !== undefined) status.metadata = metadata
    if (full.image !== undefined) status.image = full.image
    this.containers.set(id, { status, sandboxID: podSandboxId })
    this.configs.set(id, full)
    return create(cri.CreateContainerResponseSchema, { containerId: id })
  }

  async startContainer({ containerId = '' }: Request<typeof cri.StartContainerRequestSchema>): Promise<void> {
    const { status, sandboxID } = this.#container(containerId)
    this.calls.push(`startContainer ${status.metadata?.name}`)
    status.state = cri.ContainerState.CONTAINER_RUNNING
    status.startedAt = this.#now()
    this.#emit('Started', containerId, sandboxID, '')
  }

  async stopContainer(
    { containerId = '', timeout = 0n }: Request<typeof cri.StopContainerRequestSchema>,
    signal: AbortSignal,
  ): Promise<void> {
    const container = this.#container(containerId)
    const name = container.status.metadata?.name ?? ''
    this.calls.push(`stopContainer ${name} ${timeout}`)
    if (!this.stubborn.has(name)) return this.#end(container, 143)
    await this.#clock.sleep(Number(timeout) * 1000, signal)
    this.#end(container, 137)
  }

  async removeContainer({ containerId = '' }: Request<typeof cri.RemoveContainerRequestSchema>): Promise<void> {
    this.calls.push(`removeContainer ${this.containers.get(containerId)?.status.metadata?.name}`)
    this.containers.delete(containerId)
    this.#emit('Deleted', containerId, '', '')
  }

  async containerStatus({ containerId = '' }: Request<typeof cri.ContainerStatusRequestSchema>): Promise<cri.ContainerStatusResponse> {
    return create(cri.ContainerStatusResponseSchema, { status: { ...this.#container(containerId).status } })
  }

  async execSync({ cmd = [] }: Request<typeof cri.ExecSyncRequestSchema>, signal: AbortSignal): Promise<cri.ExecSyncResponse> {
    const { exitCode, stderr = '' } = await this.exec(cmd, signal)
    return create(cri.ExecSyncResponseSchema, { exitCode, stderr: Buffer.from(stderr) })
  }

  async listContainers(): Promise<cri.ListContainersResponse> {
    const containers = [...this.containers.values()].map(({ status: { id, state, labels, createdAt }, sandboxID }) => ({
      id,
      state,
      labels,
      createdAt,
      podSandboxId: sandboxID,
    }))
    return create(cri.ListContainersResponseSchema, { containers })
  }

  async *containerEvents(signal: AbortSignal): AsyncGenerator<RuntimeEvent, void, undefined> {
    const queue = new AsyncQueue<RuntimeEvent>()
    this.#queues.add(queue)
    signal.addEventListener('abort', () => queue.close(signal.reason), { once: true })
    yield { type: 'Subscribed', containerID: '', podSandboxID: '', podUID: '' }
    yield* queue
  }

  async listImages(): Promise<cri.ListImagesResponse> {
    return create(cri.ListImagesResponseSchema, { images: [...this.#present].map(id => ({ id })) })
  }

  async imageStatus({ image }: Request<typeof cri.ImageStatusRequestSchema>): Promise<cri.ImageStatusResponse> {
    const name = image?.image ?? ''
    return create(cri.ImageStatusResponseSchema, this.#present.has(name) ? { image: { id: name, size: 7n } } : {})
  }

  async pullImage({ image }: Request<typeof cri.PullImageRequestSchema>): Promise<cri.PullImageResponse> {
    const name = image?.image ?? ''
    this.calls.push(`pullImage ${name}`)
    if (!this.registry.has(name)) throw new CRIError('NotFound', `failed to pull and unpack image "${name}": not found`)
    this.#present.add(name)
    return create(cri.PullImageResponseSchema, { imageRef: name })
  }

  #container(id: string): MemoryContainer {
    const container = this.containers.get(id)
    if (container === undefined) throw new CRIError('NotFound', `container ${id}`)
    return container
  }

  #end(container: MemoryContainer, exitCode: number): void {
    const { status, sandboxID } = container
    if (status.state === cri.ContainerState.CONTAINER_EXITED) return
    status.state = cri.ContainerState.CONTAINER_EXITED
    status.exitCode = exitCode
    status.finishedAt = this.#now()
    status.reason = exitCode === 0 ? 'Completed' : 'Error'
    this.#emit('Stopped', status.id, sandboxID, '')
  }

  #emit(type: RuntimeEventType, containerID: string, podSandboxID: string, podUID: string): void {
    for (const queue of this.#queues) queue.push({ type, containerID, podSandboxID, podUID })
  }

  #now(): bigint {
    return BigInt(this.#clock.now()) * 1_000_000n
  }
}

function message<S extends DescMessage>(schema: S, init: MessageInitShape<S> | undefined): MessageShape<S> {
  return create(schema, init ?? ({} as MessageInitShape<S>))
}
