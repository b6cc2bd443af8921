import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matchesNodeSelectorTerm, podMatchesNode } from './node-affinity.ts'
import type { Node, NodeSelectorRequirement } from './types.gen.ts'

const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: { zone: 'a', cores: '8' } }, spec: {} }

const cases: { have: NodeSelectorRequirement; want: boolean }[] = [
  { have: { key: 'zone', operator: 'In', values: ['a', 'b'] }, want: true },
  { have: { key: 'zone', operator: 'NotIn', values: ['a'] }, want: false },
  { have: { key: 'none', operator: 'NotIn', values: ['a'] }, want: true },
  { have: { key: 'zone', operator: 'Exists' }, want: true },
  { have: { key: 'none', operator: 'DoesNotExist' }, want: true },
  { have: { key: 'constructor', operator: 'Exists' }, want: false },
  { have: { key: 'cores', operator: 'Gt', values: ['7'] }, want: true },
  { have: { key: 'cores', operator: 'Lt', values: ['8'] }, want: false },
  { have: { key: 'zone', operator: 'Gt', values: ['1'] }, want: false },
]

describe('node affinity', () => {
  for (const { have, want } of cases) {
    test(JSON.stringify(have), () => assert.equal(matchesNodeSelectorTerm({ matchExpressions: [have] }, node), want))
  }

  test('a term without requirements matches nothing', () => assert.equal(matchesNodeSelectorTerm({}, node), false))

  test('the name of the node', () => {
    assert.equal(matchesNodeSelectorTerm({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }, node), true)
  })

  test('selector and affinity must both hold', () => {
    const affinity = {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [cases[0]!.have] }] } },
    }
    assert.equal(podMatchesNode({ affinity, nodeSelector: { cores: '8' } }, node), true)
    assert.equal(podMatchesNode({ affinity, nodeSelector: { cores: '4' } }, node), false)
  })
})
