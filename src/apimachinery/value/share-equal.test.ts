import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shareEqual } from './share-equal.ts'

test('share equal: what is equal is the other itself, whatever the order of keys and undefined fields', () => {
  const other = { a: { b: [1, { c: 'd' }], e: null } }
  assert.equal(shareEqual({ a: { e: null, b: [1, { c: 'd' }], f: undefined } }, other), other)
  assert.equal(shareEqual('text', 'text'), 'text')
  assert.equal(shareEqual(null, { a: 1 }), null)
})

test('share equal: where something differs, the rest is shared, and neither is changed', () => {
  const other = { spec: { list: [{ x: 1 }, { y: 2 }], map: { k: 'v' } }, status: { phase: 'Pending' } }
  const value = { spec: { list: [{ x: 1 }, { y: 3 }, { z: 4 }], map: { k: 'v' } }, status: { phase: 'Pending' } }
  const before = structuredClone([value, other])
  const shared = shareEqual(value, other)
  assert.deepEqual(shared, value)
  assert.deepEqual([value, other], before)
  assert.notEqual(shared, value)
  assert.equal(shared.status, other.status)
  assert.equal(shared.spec.map, other.spec.map)
  assert.equal(shared.spec.list[0], other.spec.list[0])
  assert.equal(shared.spec.list[1], value.spec.list[1])
})

test('share equal: fewer fields or items than the other has are not equal to it', () => {
  for (const [value, other] of [
    [{ a: 1 }, { a: 1, b: 2 }],
    [[1], [1, 2]],
    [{}, { a: 1 }],
    [[], [1]],
    [[], {}],
    [{ a: 1 }, { a: '1' }],
  ]) {
    const shared = shareEqual(value, other)
    assert.notEqual(shared, other)
    assert.deepEqual(shared, value)
  }
})
