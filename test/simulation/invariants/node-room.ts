import { hostPortsConflict, hostPortsOf } from '#api/core/v1/host-ports.ts'
import { isPodTerminal } from '#api/core/v1/pod-conditions.ts'
import { podRequests } from '#api/core/v1/pod-resources.ts'
import { addResources, parseResourceList, type Quantities } from '#api/core/v1/resource-list.ts'
import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import type { World } from '../world.ts'
import type { Invariant } from './invariant.ts'

/** Pods that hold a part of the node: bound to it, and not ended. */
function holdersOn(world: World, nodeName: string): Pod[] {
  return world.pods.filter(pod => pod.spec.nodeName === nodeName && !isPodTerminal(pod))
}

export function nodesAreNotOvercommitted(): Invariant {
  return {
    name: 'pods ask for no more than their node has',
    whenQuiet(world) {
      for (const node of world.nodes) {
        const pods = holdersOn(world, node.metadata.name)
        const sum: Quantities = {}
        for (const { spec } of pods) addResources(sum, podRequests(spec))
        const problem = excessOf(node, sum, pods.length)
        if (problem !== undefined) return `${node.metadata.name}: ${problem}`
      }
      return undefined
    },
  }
}

function excessOf({ status }: Node, sum: Quantities, podCount: number): string | undefined {
  const available = parseResourceList(status?.allocatable)
  for (const name of ['cpu', 'memory']) {
    const [asked, has] = [sum[name]?.milliValue() ?? 0, available[name]?.milliValue() ?? 0]
    if (asked > has) return `${asked / 1000} of ${name} asked for, ${has / 1000} there`
  }
  const podsMax = available['pods']?.value() ?? 0
  return podCount > podsMax ? `${podCount} pods, ${podsMax} allowed` : undefined
}

export function hostPortsAreUnique(): Invariant {
  return {
    name: 'a port of a node has one pod',
    whenQuiet(world) {
      for (const { metadata } of world.nodes) {
        const taken = holdersOn(world, metadata.name).flatMap(pod => hostPortsOf(pod.spec).map(port => ({ port, pod: pod.metadata.name })))
        for (const [index, { port, pod }] of taken.entries()) {
          const other = taken.slice(index + 1).find(each => hostPortsConflict(each.port, port))
          if (other !== undefined) return `${metadata.name}: port ${port.port} belongs to ${pod} and ${other.pod}`
        }
      }
      return undefined
    },
  }
}
