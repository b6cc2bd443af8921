import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FieldSet, setOfPaths } from './field-set.ts'
import { FieldSetPool } from './field-set-pool.ts'

test('field set pool: equal sets of an owner are one, while they are of use', () => {
  const pool = new FieldSetPool()
  const setOf = (...names: string[]) => setOfPaths(names.map(name => ['spec', name]))
  const first = pool.of('kubelet', setOf('a', 'b'))
  assert.equal(pool.of('kubelet', setOf('a', 'b')), first)
  for (const other of [setOf('a'), setOf('b'), setOf('a', 'b', 'c')]) {
    assert.equal(pool.of('kubelet', other), other)
    assert.equal(pool.of('kubelet', setOf('a', 'b')), first)
  }
  for (const name of ['d', 'e', 'f', 'g']) pool.of('kubelet', setOf(name))
  assert.notEqual(pool.of('kubelet', setOf('a', 'b')), first)
})

test('field set pool: what differs in one place shares the rest', () => {
  const pool = new FieldSetPool()
  const setOf = (address: string) =>
    setOfPaths([
      ['status', 'phase'],
      ['status', 'podIPs', address],
      ['status', 'conditions', 'k:{"type":"Ready"}', 'status'],
    ])
  const first = pool.of('kubelet', setOf('10.0.0.1'))
  const conditionsOf = (set: FieldSet) => set['f:status']!['f:conditions']
  for (const address of ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']) {
    const set = pool.of('kubelet', setOf(address))
    assert.deepEqual(set, setOf(address))
    assert.equal(conditionsOf(set), conditionsOf(first))
  }
})
