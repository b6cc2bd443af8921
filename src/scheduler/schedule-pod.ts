import type { Random } from '#base/random.ts'
import type { Diagnosis } from './framework/fit-error.ts'
import type { Plugin } from './framework/framework.ts'
import type { NodeInfo } from './framework/node-info.ts'
import type { PodInfo } from './framework/pod-info.ts'

const feasibleNodesMin = 100

export interface Placement {
  node: NodeInfo
  evaluatedNodes: number
  feasibleNodes: number
}

export type ScheduleResult = { placed: true; placement: Placement; nextStart: number } | { placed: false; diagnosis: Diagnosis }

/**
 * Chooses a node for one pod: filters from `start` on until enough feasible nodes are found, then takes the best score, one of the best
 * by chance. Pure but for `random`.
 */
export function schedulePod(
  pod: PodInfo,
  { nodes, plugins, random, start }: { nodes: readonly NodeInfo[]; plugins: readonly Plugin[]; random: Random; start: number },
): ScheduleResult {
  const filters = plugins.filter(plugin => plugin.filter !== undefined && (plugin.filterConcerns?.(pod) ?? true))
  const wanted = feasibleNodesToFind(nodes.length)
  const feasible: NodeInfo[] = []
  const rejections: Diagnosis['rejections'] = []
  let evaluated = 0
  for (; evaluated < nodes.length && feasible.length < wanted; evaluated++) {
    const node = nodes[(start + evaluated) % nodes.length]!
    const rejected = firstRejection(pod, node, filters)
    if (rejected === undefined) feasible.push(node)
    else rejections.push(rejected)
  }
  if (feasible.length === 0) {
    const preemptionPolicy = pod.pod.spec.preemptionPolicy ?? 'PreemptLowerPriority'
    return { placed: false, diagnosis: { nodeCount: nodes.length, rejections, preemptionPolicy } }
  }
  const node = feasible.length === 1 ? feasible[0]! : bestNode(pod, feasible, plugins, random)
  return {
    placed: true,
    placement: { node, evaluatedNodes: evaluated, feasibleNodes: feasible.length },
    nextStart: (start + evaluated) % nodes.length,
  }
}

function firstRejection(pod: PodInfo, node: NodeInfo, filters: readonly Plugin[]): Diagnosis['rejections'][number] | undefined {
  for (const plugin of filters) {
    const rejection = plugin.filter!(pod, node)
    if (rejection !== undefined) return { plugin: plugin.name, rejection }
  }
  return undefined
}

function bestNode(pod: PodInfo, nodes: readonly NodeInfo[], plugins: readonly Plugin[], random: Random): NodeInfo {
  const totals = new Float64Array(nodes.length)
  const scores = new Float64Array(nodes.length)
  for (const plugin of plugins) {
    if (plugin.score === undefined || !(plugin.scoreConcerns?.(pod) ?? true)) continue
    for (let index = 0; index < nodes.length; index++) scores[index] = plugin.score(pod, nodes[index]!)
    plugin.normalize?.(scores)
    const weight = plugin.weight ?? 1
    for (let index = 0; index < nodes.length; index++) totals[index]! += weight * scores[index]!
  }
  let best = 0
  let ties = 1
  for (let index = 1; index < nodes.length; index++) {
    if (totals[index]! > totals[best]!) {
      best = index
      ties = 1
    } else if (totals[index] === totals[best]) {
      // Reservoir sampling: every one of the best has the same chance.
      ties += 1
      if (random.next() * ties < 1) best = index
    }
  }
  return nodes[best]!
}

/** Large clusters are sampled: half of the nodes at 100, falling to 5 % from 5,625 nodes on (upstream's adaptive percentage). */
export function feasibleNodesToFind(nodeCount: number): number {
  if (nodeCount < feasibleNodesMin) return nodeCount
  const percentage = Math.max(50 - Math.floor(nodeCount / 125), 5)
  return Math.max(Math.floor((nodeCount * percentage) / 100), feasibleNodesMin)
}
