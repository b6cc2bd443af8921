import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorText } from '#apimachinery/validation/field-error.ts'
import { startCluster } from '../index.ts'
import { machineOf, type SimulatedNodeGroup, validateNodeGroup } from './node-group.ts'

const good: SimulatedNodeGroup[] = [
  { count: 1 },
  { count: 2, capacity: { cpu: 0.5, memory: '4Gi', pods: '200' }, labels: { 'topology.kubernetes.io/zone': 'a' } },
  { count: 1, namePrefix: 'gpu.eu', taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
]
for (const group of good) test(`nodes: ${JSON.stringify(group)}`, () => assert.deepEqual(validateNodeGroup(group), []))

const wrong: { group: Partial<SimulatedNodeGroup>; want: RegExp }[] = [
  { group: { namePrefix: 'A_B' }, want: /^namePrefix: Invalid value: "A_B": a lowercase RFC 1123 subdomain/ },
  { group: { capacity: { cpu: 'many' } }, want: /^capacity\[cpu\]: Invalid value: "many": must be a quantity of 1 or more$/ },
  { group: { capacity: { memory: '-1Gi' } }, want: /^capacity\[memory\]: Invalid value: "-1Gi"/ },
  { group: { labels: { zone: 'a b' } }, want: /^labels: Invalid value: "a b": a valid label must/ },
  { group: { taints: [{ key: '', effect: 'NoSchedule' }] }, want: /^taints\[0\]\.key: Invalid value: "": name part must be non-empty/ },
]
for (const { group, want } of wrong) {
  test(`nodes: ${JSON.stringify(group)} → refused`, () => {
    assert.match(errorText(validateNodeGroup({ count: 1, ...group })[0]!), want)
    assert.throws(() => machineOf({ count: 1, ...group }), /^Error: these nodes make no sense: /)
  })
}

test('nodes have what their capacity says: half cores, and extended resources that Pods are placed by', async () => {
  const capacity = { cpu: 1.5, 'nvidia.com/gpu': 2 }
  await using cluster = await startCluster({ nodes: { count: 1, capacity }, clock: 'virtual' })
  const { status } = await cluster.client.get({ apiVersion: 'v1', kind: 'Node', name: 'node-0' })
  const { cpu, 'nvidia.com/gpu': gpus } = status?.allocatable ?? {}
  assert.deepEqual([cpu, gpus], ['1500m', '2'])
  const resources = { limits: { 'nvidia.com/gpu': '1' } }
  for (const name of ['a', 'b', 'c'])
    await cluster.client.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { containers: [{ name: 'main', image: 'job', resources }] },
    })
  await cluster.clock.settle()
  const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'Pod' })
  const reasons = items.map(pod => pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.reason)
  assert.deepEqual(reasons, [undefined, undefined, 'Unschedulable'])
})
