import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, NodeCondition } from '#api/core/v1/types.gen.ts'
import { taintText } from '#api/core/v1/taints.ts'
import { monitorGracePeriodMs, type NodeObservation, planNode, startupGracePeriodMs } from './plan.ts'

const nowMs = Date.UTC(2026, 0, 1, 12)
const condition = (type: string, status: string): NodeCondition => ({
  type,
  status,
  reason: 'KubeletSaysSo',
  lastHeartbeatTime: '2026-01-01T11:00:00Z',
  lastTransitionTime: '2026-01-01T00:00:00Z',
})
const ready = (status: string) => condition('Ready', status)

function observe(
  spec: Node['spec'],
  conditions: NodeCondition[] | undefined,
  { silentMs = 0, hasReported = true }: Partial<NodeObservation> = {},
): NodeObservation {
  const metadata = { name: 'a', creationTimestamp: '2026-01-01T12:00:00Z' }
  return { node: { apiVersion: 'v1', kind: 'Node', metadata, spec, status: { conditions } }, silentMs, hasReported, nowMs }
}

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

const taintCases: { name: string; spec?: Node['spec']; conditions: NodeCondition[] | undefined; want: string[] | 'as they are' }[] = [
  { name: 'has not reported', conditions: undefined, want: ['node.kubernetes.io/not-ready:NoSchedule'] },
  {
    name: 'becomes ready: its lifecycle taints go, those of others stay',
    spec: { taints: [notReady, { key: 'mine', effect: 'NoSchedule' }] },
    conditions: [ready('True')],
    want: ['mine:NoSchedule'],
  },
  { name: 'is ready', conditions: [ready('True')], want: 'as they are' },
  {
    name: 'says that it is not ready',
    conditions: [ready('False')],
    want: ['node.kubernetes.io/not-ready:NoSchedule', 'node.kubernetes.io/not-ready:NoExecute'],
  },
  {
    name: 'was not ready and is silent now',
    spec: { taints: [notReady, { ...notReady, effect: 'NoExecute' }] },
    conditions: [ready('Unknown')],
    want: ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'],
  },
  {
    name: 'has each pressure',
    conditions: [
      ready('True'),
      ...['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable'].map(type => condition(type, 'True')),
    ],
    want: [
      'node.kubernetes.io/memory-pressure:NoSchedule',
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/pid-pressure:NoSchedule',
      'node.kubernetes.io/network-unavailable:NoSchedule',
    ],
  },
  {
    name: 'is cordoned',
    spec: { unschedulable: true },
    conditions: [ready('True')],
    want: ['node.kubernetes.io/unschedulable:NoSchedule'],
  },
  {
    name: 'is let in again',
    spec: { taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] },
    conditions: [ready('True')],
    want: [],
  },
]
for (const { name, spec = {}, conditions, want } of taintCases) {
  test(`taints of a node that ${name}`, () => {
    const { taints } = planNode(observe(spec, conditions))
    assert.deepEqual(taints?.map(taintText) ?? 'as they are', want)
  })
}

test('a taint that stays keeps its time; a new one gets one', () => {
  const old = { ...notReady, timeAdded: '2025-12-31T00:00:00Z' }
  const { taints } = planNode(observe({ taints: [old] }, [ready('False')]))
  assert.deepEqual(taints, [old, { ...notReady, effect: 'NoExecute', timeAdded: '2026-01-01T12:00:00Z' }])
})

const silence: { name: string; silentMs: number; hasReported: boolean; want: 'unknown' | number }[] = [
  { name: 'just reported', silentMs: 0, hasReported: true, want: monitorGracePeriodMs },
  { name: 'a millisecond before the grace period ends', silentMs: monitorGracePeriodMs - 1, hasReported: true, want: 1 },
  { name: 'the grace period is over', silentMs: monitorGracePeriodMs, hasReported: true, want: 'unknown' },
  { name: 'never reported: it gets longer', silentMs: monitorGracePeriodMs, hasReported: false, want: 10_000 },
  { name: 'never reported, and the start-up period is over', silentMs: startupGracePeriodMs, hasReported: false, want: 'unknown' },
]
for (const { name, silentMs, hasReported, want } of silence) {
  test(`silence: ${name}`, () => {
    const plan = planNode(observe({}, hasReported ? [ready('True')] : undefined, { silentMs, hasReported }))
    assert.equal(plan.conditions === undefined ? plan.checkAfterMs : 'unknown', want)
  })
}

test('a silent node: what it said is Unknown, what it never said is so, too; its taints come with the next plan', () => {
  const plan = planNode(observe({}, [ready('True'), condition('NetworkUnavailable', 'False')], { silentMs: monitorGracePeriodMs }))
  assert.deepEqual(plan.taints, undefined)
  assert.equal(plan.podsNotReady, false)
  assert.deepEqual(
    plan.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]),
    [
      ['Ready', 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
      ['NetworkUnavailable', 'False', 'KubeletSaysSo', undefined],
      ['MemoryPressure', 'Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
      ['DiskPressure', 'Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
      ['PIDPressure', 'Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
    ],
  )
  assert.equal(plan.conditions![0]!.lastHeartbeatTime, '2026-01-01T11:00:00Z')

  const next = planNode(observe({}, plan.conditions, { silentMs: monitorGracePeriodMs }))
  assert.equal(next.conditions, undefined)
  assert.equal(next.podsNotReady, true)
  assert.deepEqual(next.taints?.map(taintText), ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'])
})

test('a node that says itself that it is not ready speaks for its pods itself', () => {
  assert.equal(planNode(observe({}, [ready('False')])).podsNotReady, false)
})
