import type { Node, Pod, PodSpec } from '#api/core/v1/types.gen.ts'
import { SeededRandom } from '#base/random.ts'
import { SchedulerCache } from '#scheduler/cache/cache.ts'
import type { Plugin } from '#scheduler/framework/framework.ts'
import { type PodInfo, podInfoOf } from '#scheduler/framework/pod-info.ts'
import { defaultPlugins } from '#scheduler/plugins/registry.ts'
import { feasibleNodesToFind, schedulePod } from '#scheduler/schedule-pod.ts'
import type { Row } from './row.ts'

const nodeCount = 5_000
const warmUpPods = 2_000
const measuredPods = 10_000
const podsPerPlugin = 400

/** Decisions on 5,000 nodes, one thread, without the API: filters, scores, and the assumption that the pod is there. */
export async function benchScheduler(): Promise<Row[]> {
  return [
    { ...placementRow('plain pods', plainPod), budget: { atLeast: 5_000 } },
    placementRow('pods that every plugin looks at', demandingPod),
    ...defaultPlugins.map(plugin => pluginRow(plugin)),
  ]
}

function placementRow(what: string, podOf: (index: number) => Pod): Row {
  const cache = fullCache()
  const random = new SeededRandom(1)
  let start = 0
  const place = (from: number, count: number) => {
    for (let index = from; index < from + count; index++) {
      const info = podInfoOf(podOf(index))
      const result = schedulePod(info, { nodes: cache.nodes, plugins: defaultPlugins, random, start })
      if (!result.placed) throw new Error(`pod ${index} fits on no node`)
      start = result.nextStart
      cache.assumePod(info, result.placement.node.name)
    }
  }
  place(0, warmUpPods)
  const latenciesMs: number[] = []
  for (let index = 0; index < measuredPods; index++) {
    const began = performance.now()
    place(warmUpPods + index, 1)
    latenciesMs.push(performance.now() - began)
  }
  const tookMs = latenciesMs.reduce((sum, each) => sum + each, 0)
  latenciesMs.sort((a, b) => a - b)
  return {
    name: `scheduler: decisions on ${nodeCount.toLocaleString('en-US')} nodes, ${what}`,
    value: (measuredPods / tookMs) * 1000,
    unit: '/s',
    note: `p99 ${latenciesMs[Math.floor(measuredPods * 0.99)]!.toFixed(2)} ms, at most ${latenciesMs.at(-1)!.toFixed(1)} ms`,
  }
}

/** What one plugin costs a pod: its filter and its score on as many nodes as a decision looks at. */
function pluginRow(plugin: Plugin): Row {
  const cache = fullCache()
  const nodes = cache.nodes.slice(0, feasibleNodesToFind(nodeCount))
  const pods = Array.from({ length: podsPerPlugin }, (_, index) => podInfoOf(demandingPod(index)))
  const run = () => ({ filterMs: timeMs(() => runFilter(plugin, pods, nodes)), scoreMs: timeMs(() => runScore(plugin, pods, nodes)) })
  run()
  const { filterMs, scoreMs } = run()
  const microsecondsAPod = (ms: number) => (ms * 1000) / podsPerPlugin
  const parts = [
    plugin.filter === undefined ? 'no filter' : `filter ${microsecondsAPod(filterMs).toFixed(1)} µs`,
    plugin.score === undefined ? 'no score' : `score ${microsecondsAPod(scoreMs).toFixed(1)} µs`,
  ]
  return {
    name: `scheduler: ${plugin.name}, a pod on ${nodes.length} nodes`,
    value: microsecondsAPod(filterMs + scoreMs),
    unit: 'µs',
    note: parts.join(', '),
  }
}

type Nodes = SchedulerCache['nodes']

function runFilter(plugin: Plugin, pods: readonly PodInfo[], nodes: Nodes): void {
  if (plugin.filter === undefined) return
  let rejected = 0
  for (const pod of pods) {
    if (plugin.filterConcerns?.(pod) === false) continue
    for (const node of nodes) if (plugin.filter(pod, node) !== undefined) rejected += 1
  }
  if (rejected > 0) throw new Error(`${plugin.name} rejects nodes that fit`)
}

function runScore(plugin: Plugin, pods: readonly PodInfo[], nodes: Nodes): void {
  if (plugin.score === undefined) return
  const scores = new Float64Array(nodes.length)
  for (const pod of pods) {
    if (plugin.scoreConcerns?.(pod) === false) continue
    for (let index = 0; index < nodes.length; index++) scores[index] = plugin.score(pod, nodes[index]!)
    plugin.normalize?.(scores)
  }
}

function fullCache(): SchedulerCache {
  const cache = new SchedulerCache()
  for (let index = 0; index < nodeCount; index++) cache.setNode(nodeOf(index))
  return cache
}

function nodeOf(index: number): Node {
  const resources = { cpu: '16', memory: '64Gi', pods: '110', 'ephemeral-storage': '100Gi' }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: `node-${index}`,
      labels: { 'kubernetes.io/hostname': `node-${index}`, 'topology.kubernetes.io/zone': `zone-${index % 3}`, disk: 'ssd' },
    },
    spec: { taints: [{ key: 'dedicated', value: 'bench', effect: 'PreferNoSchedule' }] },
    status: { capacity: resources, allocatable: resources },
  }
}

function plainPod(index: number): Pod {
  return podOf(index, {})
}

function demandingPod(index: number): Pod {
  return podOf(index, {
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'other', operator: 'Exists', effect: 'NoSchedule' }],
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 10,
            preference: { matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: [`zone-${index % 3}`] }] },
          },
        ],
      },
    },
    containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 20_000 + (index % 10_000) }] }],
  })
}

const container = { name: 'c', image: 'i', resources: { requests: { cpu: '100m', memory: '128Mi' } } }

function podOf(index: number, spec: Partial<PodSpec>): Pod {
  const name = `pod-${index}`
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid: name }, spec: { containers: [container], ...spec } }
}

function timeMs(run: () => void): number {
  const began = performance.now()
  run()
  return performance.now() - began
}
