import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, RecordedWrite } from '#client/why.ts'
import { Story } from './story.ts'
import { writerOf } from './story-text.ts'

const pod = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web' }
const node = { apiVersion: 'v1', kind: 'Node', name: 'node-1' }

function write(version: number, changes: Partial<RecordedWrite>): RecordedWrite {
  const time = `2026-01-01T00:00:0${version}.000Z`
  const by = { user: 'kubernetes-admin', userAgent: 'kubectl/v1.36.0' }
  return { resourceVersion: String(version), time, object: pod, effect: 'changed', verb: 'patch', ...by, changes: [], ...changes }
}

const textOf = (...writes: RecordedWrite[]) => String(new Story({ writes, causes: [] }))
const changed = (...changes: Change[]) =>
  textOf(write(1, { changes }))
    .split('\n')
    .slice(1, -1)
    .map(line => line.trim())

test('story: below each write what it changed and what led to it; what was told is not told again', () => {
  const kubelet = { user: 'system:node:node-1', userAgent: 'kubelet/v1.36.0' }
  const controller = { user: 'system:serviceaccount:kube-system:node-controller', userAgent: 'kube-controller-manager/v1.36.0' }
  const causes = [
    write(2, { ...kubelet, object: node, changes: [{ path: 'spec.renewTime', before: 'a', after: 'b' }] }),
    write(3, {
      ...controller,
      object: node,
      subresource: 'status',
      changes: [{ path: 'status.conditions[Ready].status', before: 'True', after: 'Unknown' }],
      cause: { resourceVersion: '2', reason: 'nothing was heard of the node for 50s' },
    }),
  ]
  const writes = [
    write(1, { effect: 'created', verb: 'create' }),
    write(4, { ...controller, effect: 'deletion asked', cause: { resourceVersion: '3', reason: 'its toleration of 5m0s is over' } }),
    write(5, { ...kubelet, effect: 'deleted', cause: { resourceVersion: '4' } }),
    write(6, { ...kubelet, cause: { resourceVersion: '3' } }),
  ]
  assert.equal(
    String(new Story({ writes, causes })),
    `2026-01-01 00:00:01.000  created by kubernetes-admin (kubectl)
2026-01-01 00:00:04.000  marked for deletion by node-controller
      because its toleration of 5m0s is over
      ← 2026-01-01 00:00:03.000  Node node-1 was changed (status) by node-controller
          status.conditions[Ready]: status True → Unknown
          because nothing was heard of the node for 50s
      ← 2026-01-01 00:00:02.000  Node node-1 was changed by kubelet of node-1
          spec.renewTime: a → b
2026-01-01 00:00:05.000  deleted by kubelet of node-1
      ← 2026-01-01 00:00:04.000  it was marked for deletion by node-controller
2026-01-01 00:00:06.000  changed by kubelet of node-1
      ← 2026-01-01 00:00:03.000  Node node-1 was changed (status) by node-controller
`,
  )
})

test('story: what is missing is said', () => {
  const lost = write(7, { changes: undefined, cause: { resourceVersion: '5' } })
  const text = String(new Story({ writes: [lost], causes: [], earlier: 'lost', recordedSince: '2026-01-01T00:00:06.000Z' }))
  assert.equal(
    text,
    `(what happened to it before is not recorded; the oldest record is of 2026-01-01T00:00:06.000Z)
2026-01-01 00:00:07.000  changed by kubernetes-admin (kubectl)
      (what changed is not stored any more)
      ← a write that is not recorded any more (resourceVersion 5)
`,
  )
})

test('story: heartbeats are told once, and counted', () => {
  const beat = (version: number) =>
    write(version, {
      user: 'system:node:a',
      userAgent: 'kubelet/1',
      changes: [{ path: 'spec.renewTime', before: version - 1, after: version }],
    })
  assert.equal(
    textOf(write(1, { effect: 'created' }), beat(2), beat(3), beat(4), write(5, {}), beat(6), beat(7)),
    `2026-01-01 00:00:01.000  created by kubernetes-admin (kubectl)
2026-01-01 00:00:02.000  changed by kubelet of a
      spec.renewTime: 1 → 2
      and so 2 times more, the last at 2026-01-01 00:00:04.000
2026-01-01 00:00:05.000  changed by kubernetes-admin (kubectl)
2026-01-01 00:00:06.000  changed by kubelet of a
      spec.renewTime: 5 → 6
2026-01-01 00:00:07.000  changed by kubelet of a
      spec.renewTime: 6 → 7
`,
  )
})

test('story: that many earlier writes are left out is said', () => {
  assert.match(String(new Story({ writes: [write(1, {})], causes: [], earlier: 'many' })), /^\(earlier writes are left out\)\n2026/)
})

test('story: the fields of an element stand on one line, short ones first, without its name', () => {
  const at = 'status.conditions[Ready]'
  const lines = changed(
    { path: `${at}.type`, after: 'Ready' },
    { path: `${at}.message`, after: 'a longer text' },
    { path: `${at}.status`, before: 'False', after: 'True' },
    { path: `${at}.lastTransitionTime`, after: 'now' },
    { path: 'status.phase', before: 'Pending' },
    { path: 'spec.taints[]', after: { key: 'x', effect: 'NoExecute' } },
    { path: 'data.password', isSecret: true },
  )
  assert.deepEqual(lines, [
    'status.conditions[Ready]: status False → True, message a longer text',
    'status.phase: Pending → none',
    'spec.taints[]: {key:x,effect:NoExecute}',
    'data.password: (secret)',
  ])
})

test('story: times are told only when nothing else changed', () => {
  assert.deepEqual(changed({ path: 'spec.renewTime', before: 'a', after: 'b' }), ['spec.renewTime: a → b'])
})

test('story: more fields than fit are counted', () => {
  const lines = changed(...Array.from({ length: 9 }, (_, index) => ({ path: `spec.field${index}`, after: index })))
  assert.deepEqual([lines.length, lines.at(-1)], [7, 'and 3 more'])
})

test('story: a field manager is told where it says more than the program', () => {
  const by = (fieldManager: string, changes: Change[] = []) => write(1, { fieldManager, changes })
  assert.deepEqual(
    textOf(by('kubectl-edit', [{ path: 'spec.paused', after: true }]))
      .split('\n')
      .slice(1),
    ['      spec.paused: true', '      as field manager kubectl-edit', ''],
  )
  assert.equal(textOf(by('kubectl')), '2026-01-01 00:00:01.000  changed by kubernetes-admin (kubectl)\n')
  const story = new Story({ writes: [write(2, { cause: { resourceVersion: '1' } })], causes: [{ ...by('ops'), object: node }] })
  assert.match(
    String(story),
    /← 2026-01-01 00:00:01\.000 {2}Node node-1 was changed by kubernetes-admin \(kubectl\)\n +as field manager ops\n/,
  )
})

const writers: [user: string, userAgent: string, want: string][] = [
  ['kubernetes-admin', 'kubectl/v1.36.0 (linux/amd64) kubernetes/abc', 'kubernetes-admin (kubectl)'],
  ['system:node:node-1', 'kubelet/v1.36.0', 'kubelet of node-1'],
  ['system:kube-scheduler', 'kube-scheduler/v1.36.0', 'kube-scheduler'],
  ['system:serviceaccount:kube-system:node-controller', 'kube-controller-manager/v1.36.0', 'node-controller'],
  [
    'system:serviceaccount:kube-system:node-controller',
    'kube-controller-manager/v1.36.0/taint-eviction-controller',
    'taint-eviction-controller',
  ],
  ['system:serviceaccount:default:robot', 'robot/1', 'system:serviceaccount:default:robot (robot)'],
  ['system:apiserver', 'kube-apiserver', 'apiserver'],
  ['someone', '', 'someone'],
  ['someone', 'OpenAPI-Generator/22.6.0/python', 'someone (OpenAPI-Generator/22.6.0/python)'],
  ['someone', 'Kubernetes Java Client/20.0.0', 'someone (Kubernetes Java Client)'],
  ['someone', `${'x'.repeat(99)}/1`, `someone (${'x'.repeat(59)}…)`],
  [
    'system:serviceaccount:default:robot',
    'a/b/taint-eviction-controller',
    'system:serviceaccount:default:robot (a/b/taint-eviction-controller)',
  ],
  ['system:serviceaccount:kube-system:mine', 'manager/v0.0.0 (linux/amd64) kubernetes/$Format', 'mine'],
]
for (const [user, userAgent, want] of writers) {
  test(`writer: ${user} by ${userAgent} → ${want}`, () => assert.equal(writerOf({ user, userAgent }), want))
}
