import type { RuntimeService } from '../cri.ts'
import { CRIError } from '../error.ts'
import type { ContainerStatusResponse, CreateContainerResponse, ListContainersResponse } from '../gen/runtime.gen.ts'
import { ContainerState } from '../gen/runtime.gen.ts'
import { Container } from './container.ts'
import { matchesLabels } from './labels.ts'
import { endContainer, killed } from './container-end.ts'
import { signalStop, startProgram } from './lifecycle.ts'
import { checkMemory } from './memory-limit.ts'
import type { SimulatedNode } from './node.ts'
import { imageNames } from './node-images.ts'
import { liveOf } from './program.ts'

type Request<Verb extends keyof RuntimeService> = Parameters<RuntimeService[Verb]>[0]

export function createContainer(node: SimulatedNode, request: Request<'createContainer'>): CreateContainerResponse {
  const { podSandboxId = '', config } = request
  const sandbox = node.sandbox(podSandboxId, `failed to find sandbox id "${podSandboxId}"`)
  if (!sandbox.ready)
    throw new CRIError('NotFound', `failed to get sandbox container task: no running task found: task ${sandbox.id} not found: not found`)
  if (config?.metadata === undefined) throw new CRIError('Unknown', 'container config must include metadata')
  const { name = '', attempt = 0 } = config.metadata
  const id = node.newID()
  for (const other of sandbox.containers) {
    if (other.name !== name || other.attempt !== attempt) continue
    const full = `${name}_${sandbox.name}_${sandbox.namespace}_${sandbox.uid}_${attempt}`
    throw new CRIError('Unknown', `failed to reserve container name "${full}": name "${full}" is reserved for "${other.id}"`)
  }
  const imageName = config.image?.image ?? ''
  const present = node.images.find(imageName)
  if (present === undefined) throw new CRIError('NotFound', `failed to resolve image "${imageName}": not found`)
  node.requireDisk(`failed to create container root directory "${id}"`)
  const createdMs = node.timestamp()
  const container = new Container({ id, sandbox, image: present.image, imageNames: imageNames(present), config, createdMs })
  node.containers.set(id, container)
  sandbox.containers = sandbox.containers.concat(container)
  node.events.emit('Created', id, sandbox)
  return { $typeName: 'runtime.v1.CreateContainerResponse', containerId: id }
}

export async function startContainer(
  node: SimulatedNode,
  { containerId = '' }: Request<'startContainer'>,
  signal: AbortSignal,
): Promise<void> {
  const container = node.container(containerId)
  const requireCreated = () => {
    if (container.state === ContainerState.CONTAINER_CREATED && node.containers.has(container.id)) return
    throw new CRIError(
      'Unknown',
      `failed to set starting state for container "${container.id}": container is in ${container.stateName} state`,
    )
  }
  requireCreated()
  if (!container.sandbox.ready) throw new CRIError('Unknown', `sandbox container "${container.sandbox.id}" is not running`)
  const { startMs = 0 } = container.image.script
  if (startMs > 0) {
    await node.sleep(startMs, signal)
    requireCreated()
  }
  await startProgram(node, container)
}

export async function stopContainer(node: SimulatedNode, request: Request<'stopContainer'>, signal: AbortSignal): Promise<void> {
  const container = node.findContainer(request.containerId ?? '')
  if (container === undefined || !container.isRunning) return
  const graceMs = Number(request.timeout ?? 0n) * 1_000
  if (graceMs <= 0) {
    endContainer(node, container, killed)
    return
  }
  signalStop(node, container)
  if (!container.isRunning) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const live = liveOf(container)
  live.onEnd.add(resolve)
  const own = node.environment.clock.after(graceMs, () => endContainer(node, container, killed))
  live.killTimers.add(own)
  const timers = live.resumedKill === undefined ? [own] : [own, live.resumedKill]
  live.resumedKill = undefined
  try {
    await node.wait(promise, signal)
  } finally {
    for (const timer of timers) {
      timer.cancel()
      live.killTimers.delete(timer)
    }
  }
}

export function removeContainer(node: SimulatedNode, { containerId = '' }: Request<'removeContainer'>): void {
  const container = node.findContainer(containerId)
  if (container === undefined) return
  const { sandbox } = container
  sandbox.containers = sandbox.containers.filter(each => each !== container)
  deleteContainer(node, container)
}

/** Ends and forgets the container; its sandbox is left as it is. */
export function deleteContainer(node: SimulatedNode, container: Container): void {
  endContainer(node, container, killed)
  node.containers.delete(container.id)
  if (container.logPath !== '') node.environment.logs.release(container.logPath)
  node.events.emit('Deleted', container.id, container.sandbox)
}

export function containerStatus(node: SimulatedNode, { containerId = '' }: Request<'containerStatus'>): ContainerStatusResponse {
  const status = node.container(containerId).toStatus()
  return { $typeName: 'runtime.v1.ContainerStatusResponse', status, info: {} }
}

export function listContainers(node: SimulatedNode, { filter }: Request<'listContainers'>): ListContainersResponse {
  const selected = filter === undefined ? node.containers.values() : selectContainers(node, filter)
  return { $typeName: 'runtime.v1.ListContainersResponse', containers: Array.from(selected, each => each.toListItem()) }
}

type Filter = NonNullable<Request<'listContainers'>['filter']> | NonNullable<Request<'listContainerStats'>['filter']>

export function selectContainers(node: SimulatedNode, filter: Filter): Container[] {
  const { id = '', podSandboxId = '', labelSelector = {} } = filter
  const state = 'state' in filter ? filter.state : undefined
  const found = id === '' ? [...node.containers.values()] : [node.findContainer(id)].filter(container => container !== undefined)
  return found.filter(
    container =>
      (state?.state === undefined || container.state === state.state) &&
      (podSandboxId === '' || container.sandbox.id.startsWith(podSandboxId)) &&
      matchesLabels(container.labels, labelSelector),
  )
}

export function updateContainerResources(node: SimulatedNode, request: Request<'updateContainerResources'>): void {
  const container = node.container(request.containerId ?? '', 'failed to find container')
  const given = Object.entries(request.linux ?? {}).filter(
    ([name, value]) => name !== '$typeName' && value !== undefined && value !== 0n && value !== '',
  )
  container.resources = { ...container.resources, ...Object.fromEntries(given) }
  checkMemory(node, container)
}

export function reopenContainerLog(node: SimulatedNode, { containerId = '' }: Request<'reopenContainerLog'>): void {
  const container = node.container(containerId)
  if (!container.isRunning) throw new CRIError('Unknown', 'container is not running')
  if (container.logPath !== '') node.environment.logs.open(container.logPath)
}
