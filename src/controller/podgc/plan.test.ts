import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, Pod, PodStatus } from '#api/core/v1/types.gen.ts'
import { excessPods, garbageOf, type Garbage } from './plan.ts'

const node = (ready: string, taint?: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'a' },
  spec: { taints: taint === undefined ? [] : [{ key: taint, effect: 'NoExecute' }] },
  status: { conditions: [{ type: 'Ready', status: ready }] },
})
const outOfService = 'node.kubernetes.io/out-of-service'

const cases: { name: string; nodeName?: string; terminating?: boolean; node?: Node; want: Garbage | undefined }[] = [
  { name: 'waits for a node', want: undefined },
  { name: 'is deleted while it waits for a node', terminating: true, want: 'unscheduled' },
  { name: 'runs', nodeName: 'a', node: node('True'), want: undefined },
  { name: 'ends on a node', nodeName: 'a', node: node('True'), terminating: true, want: undefined },
  { name: 'has lost its node', nodeName: 'a', want: 'orphaned' },
  { name: 'ends on a silent node', nodeName: 'a', node: node('Unknown'), terminating: true, want: undefined },
  { name: 'ends on a node out of service', nodeName: 'a', node: node('Unknown', outOfService), terminating: true, want: 'out-of-service' },
  { name: 'is on a node out of service, and nobody deletes it', nodeName: 'a', node: node('Unknown', outOfService), want: undefined },
  { name: 'ends on a ready node with that taint', nodeName: 'a', node: node('True', outOfService), terminating: true, want: undefined },
]
for (const { name, nodeName, terminating = false, node: there, want } of cases) {
  test(`pod GC: a pod that ${name}`, () => {
    const metadata = { name: 'p', ...(terminating && { deletionTimestamp: '2026-01-01T00:00:00Z' }) }
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], nodeName } }
    assert.equal(garbageOf(pod, there), want)
  })
}

test('pod GC: beyond the limit, evicted pods go first, then the oldest, then by name', () => {
  const pod = (name: string, creationTimestamp: string, status: PodStatus = { phase: 'Succeeded' }): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, creationTimestamp },
    spec: { containers: [] },
    status,
  })
  const pods = [
    pod('new', '2026-01-03T00:00:00Z'),
    pod('b', '2026-01-01T00:00:00Z'),
    pod('a', '2026-01-01T00:00:00Z'),
    pod('evicted', '2026-01-04T00:00:00Z', { phase: 'Failed', reason: 'Evicted' }),
  ]
  const names = (max: number) => excessPods(pods, max).map(({ metadata }) => metadata.name)
  assert.deepEqual(names(0), ['evicted', 'a', 'b', 'new'])
  assert.deepEqual(names(2), ['evicted', 'a'])
  assert.deepEqual(names(4), [])
})
