import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setOfPaths } from './field-set.ts'
import { FieldSetPool } from './field-set-pool.ts'

test('field set pool: equal sets of an owner are one, as long as few others come between', () => {
  const pool = new FieldSetPool()
  const setOf = (...names: string[]) => setOfPaths(names.map(name => ['spec', name]))
  const first = pool.of('kubelet', setOf('a', 'b'))
  assert.equal(pool.of('kubelet', setOf('a', 'b')), first)
  for (const other of [setOf('a'), setOf('b'), setOf('a', 'b', 'c')]) {
    assert.equal(pool.of('kubelet', other), other)
    assert.equal(pool.of('kubelet', setOf('a', 'b')), first)
  }
  pool.of('kubelet', setOf('d'))
  assert.notEqual(pool.of('kubelet', setOf('a', 'b')), first)
})
