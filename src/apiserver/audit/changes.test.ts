import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schemaRegistry } from '#api/schemas.ts'
import type { Change } from '#client/why.ts'
import { changesBetween } from './changes.ts'

const pod = (content: object) => ({ apiVersion: 'v1', kind: 'Pod', ...content })
const metadata = { name: 'web' }
const ready = (status: string) => ({
  status: {
    conditions: [
      { type: 'Initialized', status: 'True' },
      { type: 'Ready', status },
    ],
  },
})
const taint = (effect: string) => ({ key: 'x', effect })

const cases: { name: string; kind?: string; have: [before: object, after: object]; want: Change[] }[] = [
  {
    name: 'the same',
    have: [
      { metadata, spec: { a: [1] } },
      { metadata, spec: { a: [1] } },
    ],
    want: [],
  },
  {
    name: 'fields come, change and go',
    have: [{ spec: { nodeName: 'a', priority: 1 } }, { spec: { nodeName: 'b', hostname: 'h' } }],
    want: [
      { path: 'spec.nodeName', before: 'a', after: 'b' },
      { path: 'spec.priority', before: 1 },
      { path: 'spec.hostname', after: 'h' },
    ],
  },
  {
    name: 'what the server keeps for itself is none',
    have: [
      { metadata: { ...metadata, generation: 1, managedFields: [], resourceVersion: '1' } },
      { metadata: { ...metadata, generation: 2, managedFields: [{}], resourceVersion: '2' } },
    ],
    want: [],
  },
  {
    name: 'a part that was not there → its fields; an empty list says nothing',
    have: [{}, { status: { phase: 'Pending', hostIPs: [] } }],
    want: [{ path: 'status.phase', after: 'Pending' }],
  },
  {
    name: 'elements with a key, in whatever order',
    have: [ready('True'), { status: { conditions: ready('False').status.conditions.toReversed() } }],
    want: [{ path: 'status.conditions[Ready].status', before: 'True', after: 'False' }],
  },
  {
    name: 'elements with names, though the list is written as a whole',
    have: [
      { status: { containerStatuses: [{ name: 'a', ready: true }] } },
      { status: { containerStatuses: [{ name: 'b' }, { name: 'a', ready: false }] } },
    ],
    want: [
      { path: 'status.containerStatuses[a].ready', before: true, after: false },
      { path: 'status.containerStatuses[b].name', after: 'b' },
    ],
  },
  {
    name: 'elements without a key: which came, which went',
    kind: 'Node',
    have: [
      { spec: { taints: [taint('NoSchedule'), taint('PreferNoSchedule')] } },
      { spec: { taints: [taint('NoExecute'), taint('NoSchedule')] } },
    ],
    want: [
      { path: 'spec.taints[]', before: taint('PreferNoSchedule') },
      { path: 'spec.taints[]', after: taint('NoExecute') },
    ],
  },
  {
    name: 'scalars in lists, and maps',
    have: [
      { metadata: { labels: { a: '1' }, finalizers: ['x'] } },
      { metadata: { labels: { a: '2', 'b.c/d': '3' }, finalizers: ['x', 'y'] } },
    ],
    want: [
      { path: 'metadata.labels.a', before: '1', after: '2' },
      { path: 'metadata.labels.b.c/d', after: '3' },
      { path: 'metadata.finalizers', before: ['x'], after: ['x', 'y'] },
    ],
  },
]
for (const { name, kind = 'Pod', have, want } of cases) {
  test(`changes: ${name}`, () => {
    const options = { schema: schemaRegistry.get(`io.k8s.api.core.v1.${kind}`), registry: schemaRegistry }
    assert.deepEqual(changesBetween(pod(have[0]), pod(have[1]), options), want)
  })
}

test('changes: secret values are told by none of their fields', () => {
  const options = { schema: undefined, registry: schemaRegistry, secretFields: ['data', 'metadata.annotations'] }
  const before = { data: { key: 'old' }, metadata: { labels: {}, annotations: { copy: 'old' } }, type: 'a' }
  const after = { data: { key: 'new', other: 'new' }, metadata: { labels: { a: 'b' }, annotations: { copy: 'new' } }, type: 'b' }
  const changes = changesBetween(before, after, options)
  assert.deepEqual(changes, [
    { path: 'data.key', isSecret: true },
    { path: 'data.other', isSecret: true },
    { path: 'metadata.labels.a', after: 'b' },
    { path: 'metadata.annotations.copy', isSecret: true },
    { path: 'type', before: 'a', after: 'b' },
  ])
})
