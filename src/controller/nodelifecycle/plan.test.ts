import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, NodeCondition } from '#api/core/v1/types.gen.ts'
import { monitorGracePeriodMs, planNode, startupGracePeriodMs } from './plan.ts'

const nowMs = Date.UTC(2026, 0, 1, 12)
const ready = (status: string): NodeCondition => ({
  type: 'Ready',
  status,
  reason: 'KubeletReady',
  lastTransitionTime: '2026-01-01T00:00:00Z',
})

function node({ conditions, taints }: { conditions?: NodeCondition[]; taints?: Node['spec']['taints'] } = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'a', creationTimestamp: '2026-01-01T12:00:00Z' },
    spec: { taints },
    status: { conditions },
  }
}

test('a new node that has not reported → not-ready:NoSchedule, looked at again when its start-up time is over', () => {
  const plan = planNode({ node: node(), lease: undefined, heardAtMs: nowMs, nowMs })
  assert.deepEqual(plan.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }])
  assert.equal(plan.checkAfterMs, startupGracePeriodMs)
})

test('a node that becomes ready → its lifecycle taints go, those of others stay', () => {
  const taints = [
    { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
    { key: 'mine', effect: 'NoSchedule' },
  ]
  const plan = planNode({ node: node({ conditions: [ready('True')], taints }), lease: undefined, heardAtMs: nowMs, nowMs })
  assert.deepEqual(plan.taints, [{ key: 'mine', effect: 'NoSchedule' }])
  assert.equal(plan.conditions, undefined)
  assert.equal(plan.podsNotReady, false)
})

test('a node silent for the grace period → Unknown, unreachable, its pods not ready', () => {
  const plan = planNode({ node: node({ conditions: [ready('True')] }), lease: undefined, heardAtMs: nowMs - monitorGracePeriodMs, nowMs })
  const condition = plan.conditions!.find(({ type }) => type === 'Ready')!
  assert.deepEqual(
    [condition.status, condition.reason, condition.message],
    ['Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
  )
  assert.deepEqual(
    plan.taints!.map(({ key, effect }) => `${key}:${effect}`),
    ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'],
  )
  assert.equal(plan.podsNotReady, true)
})

test('one millisecond before the grace period ends → nothing yet, and a check then', () => {
  const plan = planNode({
    node: node({ conditions: [ready('True')] }),
    lease: undefined,
    heardAtMs: nowMs - monitorGracePeriodMs + 1,
    nowMs,
  })
  assert.deepEqual(plan, { podsNotReady: false, checkAfterMs: 1 })
})
