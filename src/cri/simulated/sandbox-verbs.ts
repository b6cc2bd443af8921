import type { RuntimeService } from '../cri.ts'
import { CRIError } from '../error.ts'
import type { ListPodSandboxResponse, PodSandboxStatusResponse, RunPodSandboxResponse } from '../gen/runtime.gen.ts'
import { deleteContainer } from './container-verbs.ts'
import { matchesLabels } from './labels.ts'
import { endContainer, killed } from './container-end.ts'
import type { SimulatedNode } from './node.ts'
import { PodEndpoint } from './ports.ts'
import { Sandbox } from './sandbox.ts'
import { NamespaceMode } from '../gen/runtime.gen.ts'
import { toNanoseconds } from './timestamp.ts'

type Request<Verb extends keyof RuntimeService> = Parameters<RuntimeService[Verb]>[0]

export function runPodSandbox(node: SimulatedNode, { config, runtimeHandler = '' }: Request<'runPodSandbox'>): RunPodSandboxResponse {
  if (config?.metadata === undefined) throw new CRIError('Unknown', 'sandbox config must include metadata')
  const { name = '', namespace = '', uid = '', attempt = 0 } = config.metadata
  const id = node.newID()
  for (const other of node.sandboxes.values()) {
    if (other.uid === uid && other.attempt === attempt && other.name === name && other.namespace === namespace) {
      const full = `${name}_${namespace}_${uid}_${attempt}`
      throw new CRIError('Unknown', `failed to reserve sandbox name "${full}": name "${full}" is reserved for "${other.id}"`)
    }
  }
  if (runtimeHandler !== '' && !(node.options.runtimeHandlers ?? []).includes(runtimeHandler))
    throw new CRIError('Unknown', `failed to get sandbox runtime: no runtime for "${runtimeHandler}" is configured`)
  node.requireDisk(`failed to create sandbox root directory "${id}"`)
  const { network } = node.environment
  const onHostNetwork = config.linux?.securityContext?.namespaceOptions?.network === NamespaceMode.NODE
  const address = onHostNetwork ? '' : node.addresses.take(node.podCIDR, network, id)
  const sandbox = new Sandbox({ id, config, runtimeHandler, createdMs: node.timestamp(), address })
  node.sandboxes.set(id, sandbox)
  if (address !== '') network.attach(address, new PodEndpoint(node, sandbox))
  node.events.emit('Created', id, sandbox)
  node.events.emit('Started', id, sandbox)
  return { $typeName: 'runtime.v1.RunPodSandboxResponse', podSandboxId: id }
}

export function stopPodSandbox(node: SimulatedNode, { podSandboxId = '' }: Request<'stopPodSandbox'>): void {
  const sandbox = node.findSandbox(podSandboxId)
  if (sandbox === undefined) return
  for (const container of sandbox.containers) endContainer(node, container, killed)
  endSandbox(node, sandbox)
}

/** The sandbox is no longer ready. What its containers do is not touched. */
export function endSandbox(node: SimulatedNode, sandbox: Sandbox): void {
  if (!sandbox.ready) return
  sandbox.ready = false
  releaseAddress(node, sandbox)
  node.events.emit('Stopped', sandbox.id, sandbox)
}

export function removePodSandbox(node: SimulatedNode, { podSandboxId = '' }: Request<'removePodSandbox'>): void {
  const sandbox = node.findSandbox(podSandboxId)
  if (sandbox === undefined) return
  stopPodSandbox(node, { podSandboxId: sandbox.id })
  for (const container of sandbox.containers) deleteContainer(node, container)
  node.sandboxes.delete(sandbox.id)
  node.events.emit('Deleted', sandbox.id, sandbox)
}

export function podSandboxStatus(node: SimulatedNode, { podSandboxId = '' }: Request<'podSandboxStatus'>): PodSandboxStatusResponse {
  const sandbox = node.sandbox(podSandboxId)
  return {
    $typeName: 'runtime.v1.PodSandboxStatusResponse',
    status: sandbox.toStatus(),
    info: {},
    containersStatuses: [],
    timestamp: toNanoseconds(node.environment.clock.now()),
  }
}

export function listPodSandbox(node: SimulatedNode, { filter }: Request<'listPodSandbox'>): ListPodSandboxResponse {
  const selected = filter === undefined ? node.sandboxes.values() : selectSandboxes(node, filter)
  return { $typeName: 'runtime.v1.ListPodSandboxResponse', items: Array.from(selected, each => each.toListItem()) }
}

function selectSandboxes(node: SimulatedNode, filter: NonNullable<Request<'listPodSandbox'>['filter']>): Sandbox[] {
  const { id = '', state, labelSelector = {} } = filter
  const found = id === '' ? [...node.sandboxes.values()] : [node.findSandbox(id)].filter(sandbox => sandbox !== undefined)
  return found.filter(
    sandbox => (state?.state === undefined || sandbox.state === state.state) && matchesLabels(sandbox.labels, labelSelector),
  )
}

export function releaseAddress(node: SimulatedNode, sandbox: Sandbox): void {
  if (sandbox.address !== '') node.environment.network.detach(sandbox.address)
  sandbox.address = ''
}
