import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deletionConditions, type Leftovers } from './conditions.ts'

const now = '2026-01-01T00:00:00Z'
const none: Leftovers = { counts: new Map(), finalizers: new Map(), deletionErrors: [] }

const cases: { name: string; leftovers: Partial<Leftovers>; want: string[] }[] = [
  {
    name: 'nothing is left',
    leftovers: {},
    want: [
      'NamespaceDeletionDiscoveryFailure False ResourcesDiscovered All resources successfully discovered',
      'NamespaceDeletionGroupVersionParsingFailure False ParsedGroupVersions All legacy kube types successfully parsed',
      'NamespaceDeletionContentFailure False ContentDeleted All content successfully deleted, may be waiting on finalization',
      'NamespaceContentRemaining False ContentRemoved All content successfully removed',
      'NamespaceFinalizersRemaining False ContentHasNoFinalizers All content-preserving finalizers finished',
    ],
  },
  {
    name: 'objects remain, some of them held',
    leftovers: {
      counts: new Map([
        ['widgets.example.com', 2],
        ['pods.', 3],
      ]),
      finalizers: new Map([
        ['b/two', 1],
        ['a/one', 4],
      ]),
    },
    want: [
      'NamespaceContentRemaining True SomeResourcesRemain Some resources are remaining: pods. has 3 resource instances, widgets.example.com has 2 resource instances',
      'NamespaceFinalizersRemaining True SomeFinalizersRemain Some content in the namespace has finalizers remaining: a/one in 4 resource instances, b/two in 1 resource instances',
    ],
  },
  {
    name: 'something failed',
    leftovers: { deletionErrors: ['b', 'a'] },
    want: ['NamespaceDeletionContentFailure True ContentDeletionFailed Failed to delete all resource types, 2 remaining: a, b'],
  },
  {
    name: 'the server does not say what it serves',
    leftovers: { discoveryError: 'no answer' },
    want: ['NamespaceDeletionDiscoveryFailure True DiscoveryFailed no answer'],
  },
]
for (const { name, leftovers, want } of cases) {
  test(`conditions of a namespace that is deleted: ${name}`, () => {
    const lines = deletionConditions({ ...none, ...leftovers }, [], now).map(({ type, status, reason, message }) =>
      [type, status, reason, message].join(' '),
    )
    assert.equal(lines.length, 5)
    for (const line of want) assert.ok(lines.includes(line), `${line}\nis none of\n${lines.join('\n')}`)
  })
}

test('conditions: one that stays keeps its time, one that changes gets a new one, those of others stay', () => {
  const others = [{ type: 'Mine', status: 'True', reason: 'R', message: 'm', lastTransitionTime: '2020-01-01T00:00:00Z' }]
  const before = deletionConditions({ ...none, counts: new Map([['pods.', 1]]) }, others, '2025-01-01T00:00:00Z')
  const after = deletionConditions(none, before, now)
  assert.deepEqual(
    after.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    [
      ['Mine', '2020-01-01T00:00:00Z'],
      ['NamespaceDeletionDiscoveryFailure', '2025-01-01T00:00:00Z'],
      ['NamespaceDeletionGroupVersionParsingFailure', '2025-01-01T00:00:00Z'],
      ['NamespaceDeletionContentFailure', '2025-01-01T00:00:00Z'],
      ['NamespaceContentRemaining', now],
      ['NamespaceFinalizersRemaining', '2025-01-01T00:00:00Z'],
    ],
  )
})
