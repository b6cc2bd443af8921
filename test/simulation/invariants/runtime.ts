import type { Pod } from '#api/core/v1/types.gen.ts'
import { isPodTerminal } from '#api/core/v1/pod-conditions.ts'
import type { SimulatedNode } from '#cluster/index.ts'
import { type Container, ContainerState, type PodSandbox, PodSandboxState } from '#cri/gen/runtime.gen.ts'
import { podUIDLabel } from '#kubelet/runtime/labels.ts'
import type { World } from '../world.ts'
import type { Invariant } from './invariant.ts'

interface Sight {
  node: string
  sandboxes: readonly PodSandbox[]
  containers: readonly Container[]
  /** By sandbox. */
  addresses: ReadonlyMap<string, string>
}

const { signal } = new AbortController()
const uidOf = ({ labels }: { labels: { [key: string]: string } }) => labels[podUIDLabel] ?? ''
const isReady = ({ state }: PodSandbox) => state === PodSandboxState.SANDBOX_READY
const isRunning = ({ state }: Container) => state === ContainerState.CONTAINER_RUNNING

async function look({ name, runtime }: SimulatedNode): Promise<Sight> {
  const [{ items: sandboxes }, { containers }] = await Promise.all([runtime.listPodSandbox({}, signal), runtime.listContainers({}, signal)])
  const addresses = new Map<string, string>()
  for (const { id } of sandboxes.filter(isReady))
    addresses.set(id, (await runtime.podSandboxStatus({ podSandboxId: id }, signal)).status?.network?.ip ?? '')
  return { node: name, sandboxes, containers, addresses }
}

function lookAtAll(world: World): Promise<Sight[]> {
  return Promise.all(Array.from(world.cluster.nodes, look))
}

/** Nothing runs for pods that are gone, and what the API shows is what runs. */
export function runtimesAgreeWithTheAPI(): Invariant {
  return {
    name: 'what runs is what the API shows',
    async whenSettled(world) {
      const sights = await lookAtAll(world)
      const pods = new Map(world.pods.map(pod => [pod.metadata.uid ?? '', pod]))
      return sights.flatMap(sight => [...strangersIn(sight, pods), ...differencesIn(sight, pods)])
    },
    async whenEmpty(world) {
      const sights = await lookAtAll(world)
      return sights.flatMap(({ node, sandboxes, containers }) => [
        ...sandboxes.map(({ metadata }) => `${node} keeps a sandbox of ${metadata?.namespace}/${metadata?.name}`),
        ...containers.map(({ metadata }) => `${node} keeps a container ${metadata?.name}`),
      ])
    },
  }
}

function strangersIn({ node, sandboxes, containers }: Sight, pods: ReadonlyMap<string, Pod>): string[] {
  const isStrange = (uid: string) => pods.get(uid)?.spec.nodeName !== node
  return [
    ...sandboxes
      .filter(each => isStrange(uidOf(each)))
      .map(({ metadata }) => `${node} runs a sandbox of ${metadata?.name}, which is not its pod`),
    ...containers
      .filter(each => isStrange(uidOf(each)))
      .map(({ metadata }) => `${node} has a container ${metadata?.name} of a pod that is not its`),
    ...containers
      .filter(({ podSandboxId }) => !sandboxes.some(({ id }) => id === podSandboxId))
      .map(({ metadata }) => `container ${metadata?.name} on ${node} has no sandbox`),
  ]
}

function differencesIn({ node, sandboxes, containers, addresses }: Sight, pods: ReadonlyMap<string, Pod>): string[] {
  const problems: string[] = []
  for (const pod of pods.values()) {
    if (pod.spec.nodeName !== node) continue
    const { uid, name } = pod.metadata
    const ready = sandboxes.filter(each => uidOf(each) === uid && isReady(each))
    const running = containers.filter(each => uidOf(each) === uid && isRunning(each)).map(({ id }) => id)
    const { initContainerStatuses = [], containerStatuses = [], podIP } = pod.status ?? {}
    const shown = [...initContainerStatuses, ...containerStatuses].filter(({ state }) => state?.running !== undefined)
    const shownIDs = shown.map(({ containerID }) => containerID?.split('//')[1] ?? '')
    if (isPodTerminal(pod) && ready.length > 0) problems.push(`pod ${name} has ended and keeps a sandbox on ${node}`)
    if (ready.length > 1) problems.push(`pod ${name} has ${ready.length} sandboxes on ${node}`)
    if (running.toSorted().join() !== shownIDs.toSorted().join())
      problems.push(`pod ${name} shows ${shown.length} running containers, and ${running.length} run on ${node}`)
    const address = addresses.get(ready[0]?.id ?? '')
    if (running.length > 0 && address !== podIP) problems.push(`pod ${name} shows the address ${podIP}, and has ${address}`)
  }
  return problems
}
