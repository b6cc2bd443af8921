import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pointerTokens, valueAt } from './json-pointer.ts'

const document = { a: { 'b/c': [1, { '~': null }] }, '': 'empty', list: ['x'] }
const cases: { pointer: string; want: unknown }[] = [
  { pointer: '', want: document },
  { pointer: '/a/b~1c/0', want: 1 },
  { pointer: '/a/b~1c/1/~0', want: null },
  { pointer: '/', want: 'empty' },
  { pointer: '/list/0', want: 'x' },
  { pointer: '/list/1', want: undefined },
  { pointer: '/list/-1', want: undefined },
  { pointer: '/list/00', want: undefined },
  { pointer: '/list/length', want: undefined },
  { pointer: '/constructor', want: undefined },
  { pointer: '/a/none/deeper', want: undefined },
  { pointer: 'a', want: undefined },
  { pointer: '/a~2', want: undefined },
]
for (const { pointer, want } of cases) test(`JSON pointer "${pointer}"`, () => assert.deepEqual(valueAt(document, pointer), want))

test('JSON pointer: what is none has no tokens', () => {
  assert.deepEqual(pointerTokens('/a~1b//c'), ['a/b', '', 'c'])
  for (const wrong of ['a', 'a/b', '/~', '/~2']) assert.equal(pointerTokens(wrong), undefined)
})
