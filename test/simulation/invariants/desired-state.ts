import { findUntoleratedTaint } from '#api/core/v1/taints.ts'
import { podMatchesNode } from '#api/core/v1/node-affinity.ts'
import { findCondition, isPodTerminal } from '#api/core/v1/pod-conditions.ts'
import { hostPortsConflict, hostPortsOf } from '#api/core/v1/host-ports.ts'
import { podRequests } from '#api/core/v1/pod-resources.ts'
import { addResources, parseResourceList } from '#api/core/v1/resource-list.ts'
import type { Namespace, Node, Pod } from '#api/core/v1/types.gen.ts'
import { isUnschedulable, kindLabel, podKinds } from '../pod-kinds.ts'
import type { World } from '../world.ts'
import type { Invariant } from './invariant.ts'

const nameOf = ({ metadata }: Pod) => `pod ${metadata.namespace}/${metadata.name}`

/** Once nothing goes wrong any more. */
export function podsBecomeWhatTheyShould(): Invariant {
  return {
    name: 'each pod becomes what it should',
    *whenSettled(world) {
      for (const pod of world.pods) {
        const problem = problemOf(pod, world)
        if (problem !== undefined) yield `${nameOf(pod)} (${pod.metadata.labels?.[kindLabel]}) ${problem}`
      }
    },
  }
}

function problemOf(pod: Pod, world: World): string | undefined {
  const { metadata, spec, status } = pod
  if (metadata.deletionTimestamp !== undefined) return 'is still being deleted'
  if ((spec.nodeName ?? '') === '') {
    const node = world.nodes.find(each => fits(pod, each, world))
    if (node !== undefined) return `has no node, though it fits ${node.metadata.name}`
    return isUnschedulable(pod) ? undefined : 'fits nowhere, and nobody says so'
  }
  // Refused by its node, or broken by what was done to it.
  if (isPodTerminal(pod) && (status?.reason !== undefined || (world.wasHurt && spec.restartPolicy !== 'Always'))) return undefined
  const exists = (resource: string, name: string) => world.log.get(resource, `${metadata.namespace}/${name}`) !== undefined
  return podKinds[metadata.labels?.[kindLabel] ?? '']?.isSettled(pod, exists) === true ? undefined : `is ${describe(pod)}`
}

function describe({ spec, status }: Pod): string {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  const states = containers.map(
    ({ name, ready, restartCount, state }) => `${name}: ${JSON.stringify(state)}, ready ${ready}, ${restartCount} restarts`,
  )
  return [status?.phase ?? 'without phase', status?.reason, `on ${spec.nodeName}`, ...states].filter(text => text !== undefined).join('; ')
}

/** Written anew, and in the plainest way: what the scheduler does is compared with it. */
function fits(pod: Pod, node: Node, world: World): boolean {
  if (node.spec.unschedulable === true || !podMatchesNode(pod.spec, node)) return false
  if (findUntoleratedTaint(node.spec.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute']) !== undefined) return false
  const others = world.pods.filter(other => other.spec.nodeName === node.metadata.name && !isPodTerminal(other))
  const taken = others.flatMap(({ spec }) => hostPortsOf(spec))
  if (hostPortsOf(pod.spec).some(port => taken.some(other => hostPortsConflict(port, other)))) return false
  const sum = podRequests(pod.spec)
  for (const { spec } of others) addResources(sum, podRequests(spec))
  const available = parseResourceList(node.status?.allocatable)
  const hasRoom = ['cpu', 'memory'].every(name => (sum[name]?.milliValue() ?? 0) <= (available[name]?.milliValue() ?? 0))
  return hasRoom && others.length < (available['pods']?.value() ?? 0)
}

export function nodesBecomeReady(): Invariant {
  return {
    name: 'each machine is a ready node',
    *whenSettled(world) {
      for (const name of world.machines) {
        const ready = findCondition(world.log.get<Node>('nodes', name)?.status?.conditions, 'Ready')
        if (ready?.status !== 'True') yield `${name} is not ready: ${ready?.message ?? 'there is no such node'}`
      }
    },
  }
}

/** Those that every namespace gets. */
const ownObjects = [
  ['serviceaccounts', 'default'],
  ['configmaps', 'kube-root-ca.crt'],
] as const

export function namespacesAreComplete(): Invariant {
  return {
    name: 'namespaces have what they need, or go away',
    *whenSettled({ log }) {
      for (const { metadata } of log.objects<Namespace>('namespaces')) {
        if (metadata.deletionTimestamp !== undefined) yield `namespace ${metadata.name} is still being deleted`
        for (const [resource, name] of ownObjects)
          if (log.get(resource, `${metadata.name}/${name}`) === undefined) yield `namespace ${metadata.name} has no ${resource} ${name}`
      }
      yield* objectsOutside(log)
    },
  }
}

function* objectsOutside(log: World['log']): Iterable<string> {
  const names = new Set(log.objects<Namespace>('namespaces').map(({ metadata }) => metadata.name))
  for (const resource of ['pods', 'configmaps', 'secrets', 'serviceaccounts', 'events'])
    for (const { metadata } of log.objects(resource))
      if (!names.has(metadata.namespace ?? '')) yield `${resource} ${metadata.namespace}/${metadata.name} is in no namespace`
}
