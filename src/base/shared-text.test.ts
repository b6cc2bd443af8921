import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shared } from './shared-text.ts'

test('shared text: the same, also when it is given again after thousands of others', () => {
  assert.equal(shared('a'), 'a')
  for (let index = 0; index < 5_000; index++) assert.equal(shared(String(index)), String(index))
  for (const text of ['a', '', '한글 é', '\ud800']) assert.equal(shared(text), text)
})
