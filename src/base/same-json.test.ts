import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sameJSON } from './same-json.ts'

const cases: [name: string, a: unknown, b: unknown, want: boolean][] = [
  ['fields in another order', { a: 1, b: [{ c: 'x' }] }, { b: [{ c: 'x' }], a: 1 }, true],
  ['absent, null and undefined', { a: null, b: undefined }, { c: null }, true],
  ['elements in another order', [1, 2], [2, 1], false],
  ['a longer list', [1], [1, 2], false],
  ['a list and an object', [], {}, false],
  ['a field more', { a: 1 }, { a: 1, b: 2 }, false],
  ['a field less', { a: 1, b: 2 }, { a: 1 }, false],
  ['another value far inside', { a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, false],
  ['a number and its text', 1, '1', false],
  ['null and an object', null, {}, false],
]

for (const [name, a, b, want] of cases) test(name, () => assert.deepEqual([sameJSON(a, b), sameJSON(b, a)], [want, want]))
