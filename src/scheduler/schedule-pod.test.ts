import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, Pod, PodSpec } from '#api/core/v1/types.gen.ts'
import { SeededRandom } from '#base/random.ts'
import { SchedulerCache } from './cache/cache.ts'
import { fitErrorMessage } from './framework/fit-error.ts'
import { NodeInfo } from './framework/node-info.ts'
import { podInfoOf } from './framework/pod-info.ts'
import { defaultPlugins } from './plugins/registry.ts'
import { feasibleNodesToFind, schedulePod } from './schedule-pod.ts'

let uids = 0
function pod({ requests, spec = {} }: { requests?: Record<string, string>; spec?: Partial<PodSpec> } = {}): Pod {
  const uid = `uid-${uids++}`
  const containers = [{ name: 'c', image: 'i', resources: { requests } }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: uid, namespace: 'default', uid }, spec: { containers, ...spec } }
}

function node(
  name: string,
  { cpu = '2', spec = {}, labels, pods = [] }: { cpu?: string; spec?: Node['spec']; labels?: Record<string, string>; pods?: Pod[] } = {},
): NodeInfo {
  const info = new NodeInfo(name)
  info.setNode({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec,
    status: { allocatable: { cpu, memory: '4Gi', pods: '110' } },
  })
  for (const running of pods) info.addPod(podInfoOf(running))
  return info
}

const port = (hostPort: number): Partial<PodSpec> => ({ containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort }] }] })

const cases: { name: string; pod: Pod; nodes: NodeInfo[]; want: string }[] = [
  {
    name: 'the only node that is large enough',
    pod: pod({ requests: { cpu: '3' } }),
    nodes: [node('a'), node('b', { cpu: '4' })],
    want: 'b',
  },
  {
    name: 'the emptier of two nodes',
    pod: pod({ requests: { cpu: '1' } }),
    nodes: [node('a', { cpu: '8', pods: [pod({ requests: { cpu: '6' } })] }), node('b', { cpu: '8' })],
    want: 'b',
  },
  {
    name: 'nodeSelector',
    pod: pod({ spec: { nodeSelector: { disk: 'ssd' } } }),
    nodes: [node('a'), node('b', { labels: { disk: 'ssd' } })],
    want: 'b',
  },
  {
    name: 'too much CPU for an empty node',
    pod: pod({ requests: { cpu: '100' } }),
    nodes: [node('a')],
    want: '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  },
  {
    name: 'too much CPU beside what runs, and a taint',
    pod: pod({ requests: { cpu: '1500m' } }),
    nodes: [node('a', { pods: [pod({ requests: { cpu: '1' } })] }), node('b', { spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] } })],
    want: '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
  },
  {
    name: 'cordoned',
    pod: pod(),
    nodes: [node('a', { spec: { unschedulable: true } })],
    want: '0/1 nodes are available: 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  },
  {
    name: 'host port taken',
    pod: pod({ spec: port(80) }),
    nodes: [node('a', { pods: [pod({ spec: port(80) })] })],
    want: "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
  },
  {
    name: 'no node matches the selector',
    pod: pod({ spec: { nodeSelector: { disk: 'ssd' } } }),
    nodes: [node('a')],
    want: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
  },
  { name: 'no nodes', pod: pod(), nodes: [], want: 'no nodes available to schedule pods' },
]

for (const { name, pod: wanted, nodes, want } of cases) {
  test(`schedulePod: ${name}`, () => {
    const result = schedulePod(podInfoOf(wanted), { nodes, plugins: defaultPlugins, random: new SeededRandom(1), start: 0 })
    assert.equal(result.placed ? result.placement.node.name : fitErrorMessage(result.diagnosis), want)
  })
}

test('schedulePod: equal nodes are chosen evenly', () => {
  const nodes = [node('a'), node('b'), node('c')]
  const random = new SeededRandom(7)
  const counts = new Map<string, number>()
  for (let round = 0; round < 3_000; round++) {
    const result = schedulePod(podInfoOf(pod()), { nodes, plugins: defaultPlugins, random, start: round % 3 })
    if (result.placed) counts.set(result.placement.node.name, (counts.get(result.placement.node.name) ?? 0) + 1)
  }
  for (const count of counts.values()) assert.ok(count > 900 && count < 1_100, `${count} of 3,000`)
})

test('feasibleNodesToFind: all of a small cluster, a share of a large one', () => {
  assert.deepEqual([1, 99, 100, 1_000, 5_000, 10_000].map(feasibleNodesToFind), [1, 99, 100, 420, 500, 500])
})

test('5,000 nodes: a decision looks at a tenth of them, each at those after the last one, and the pods spread', () => {
  const cache = new SchedulerCache()
  for (let index = 0; index < 5_000; index++) cache.setNode(node(`n${index}`).node!)
  const random = new SeededRandom(3)
  let start = 0
  for (let index = 0; index < 1_000; index++) {
    const info = podInfoOf(pod({ requests: { cpu: '1' } }))
    const result = schedulePod(info, { nodes: cache.nodes, plugins: defaultPlugins, random, start })
    assert.ok(result.placed)
    assert.equal(result.placement.evaluatedNodes, 500)
    assert.equal(result.nextStart, (start + 500) % 5_000)
    start = result.nextStart
    cache.assumePod(info, result.placement.node.name)
  }
  const used = cache.nodes.map(({ pods }) => pods.size)
  assert.ok(Math.max(...used) === 1, 'an empty node is preferred to one with a pod')
})
