import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Taint, Toleration } from '#api/core/v1/types.gen.ts'
import { type Eviction, type EvictionObservation, type EvictionStep, planEviction } from './plan.ts'

const taint = (key: string, effect = 'NoExecute'): Taint => ({ key, effect })
const forever = (key: string): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute' })
const seconds = (key: string, tolerationSeconds: number): Toleration => ({ ...forever(key), tolerationSeconds })
const pod = (...tolerations: Toleration[]) => ({ uid: 'u', tolerations })
const due = (dueMs: number, changes: Partial<Eviction> = {}): Eviction => ({
  uid: 'u',
  sinceMs: 1_000,
  dueMs,
  isMarked: false,
  ...changes,
})
const nothing: EvictionStep = { type: 'wait', eviction: undefined }

const cases: ({ name: string; want: EvictionStep } & Omit<EvictionObservation, 'nowMs'>)[] = [
  { name: 'no taint', pod: pod(), taints: [], before: undefined, want: nothing },
  { name: 'a taint of another effect', pod: pod(), taints: [taint('x', 'NoSchedule')], before: undefined, want: nothing },
  {
    name: 'not tolerated → at once',
    pod: pod(),
    taints: [taint('x')],
    before: undefined,
    want: { type: 'evict', eviction: due(1_000, { isMarked: true }) },
  },
  {
    name: 'one of two not tolerated → at once',
    pod: pod(forever('x')),
    taints: [taint('x'), taint('y')],
    before: undefined,
    want: { type: 'evict', eviction: due(1_000, { isMarked: true }) },
  },
  { name: 'tolerated for good', pod: pod(forever('x')), taints: [taint('x')], before: undefined, want: nothing },
  {
    name: 'tolerated for a time',
    pod: pod(seconds('x', 300)),
    taints: [taint('x')],
    before: undefined,
    want: { type: 'wait', eviction: due(301_000), againAtMs: 301_000 },
  },
  {
    name: 'the shortest of the tolerations counts',
    pod: pod(seconds('x', 300), forever('x'), seconds('y', 20)),
    taints: [taint('x'), taint('y')],
    before: undefined,
    want: { type: 'wait', eviction: due(21_000), againAtMs: 21_000 },
  },
  {
    name: 'tolerated for no time → at once',
    pod: pod(seconds('x', -5)),
    taints: [taint('x')],
    before: undefined,
    want: { type: 'evict', eviction: due(1_000, { isMarked: true }) },
  },
  {
    name: 'planned, and another taint comes: the time goes on',
    pod: pod(seconds('x', 300), seconds('y', 300)),
    taints: [taint('x'), taint('y')],
    before: due(5_000),
    want: { type: 'wait', eviction: due(5_000), againAtMs: 5_000 },
  },
  {
    name: 'planned, and due',
    pod: pod(seconds('x', 300)),
    taints: [taint('x')],
    before: due(1_000),
    want: { type: 'evict', eviction: due(1_000, { isMarked: true }) },
  },
  { name: 'planned, and the taint goes', pod: pod(seconds('x', 300)), taints: [], before: due(5_000), want: { type: 'cancel' } },
  {
    name: 'planned, and tolerated for good now',
    pod: pod(forever('x')),
    taints: [taint('x')],
    before: due(5_000),
    want: { type: 'cancel' },
  },
  { name: 'planned, and the pod goes', pod: undefined, taints: undefined, before: due(5_000), want: { type: 'cancel' } },
  {
    name: 'planned for the pod that had this name before',
    pod: pod(),
    taints: [taint('x')],
    before: due(5_000, { uid: 'other' }),
    want: { type: 'cancel' },
  },
  {
    name: 'marked, and it takes its time to end',
    pod: pod(),
    taints: [taint('x')],
    before: due(0, { isMarked: true }),
    want: { type: 'wait', eviction: due(0, { isMarked: true }) },
  },
  { name: 'marked, and gone', pod: undefined, taints: undefined, before: due(0, { isMarked: true }), want: nothing },
  {
    name: 'the node is gone: what was planned stays',
    pod: pod(),
    taints: undefined,
    before: due(5_000),
    want: { type: 'wait', eviction: due(5_000), againAtMs: 5_000 },
  },
  { name: 'the node is gone and nothing was planned', pod: pod(), taints: undefined, before: undefined, want: nothing },
]
for (const { name, want, ...observation } of cases) {
  test(`taint eviction: ${name}`, () => assert.deepEqual(planEviction({ ...observation, nowMs: 1_000 }), want))
}
