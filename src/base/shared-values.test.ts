import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharedValues } from './shared-values.ts'

test('shared values: one for each text, also of thousands of texts', () => {
  const values = new SharedValues<{ text: string }>()
  const of = (text: string) => values.get(text, () => ({ text }))
  assert.equal(of('a'), of('a'))
  for (let index = 0; index < 5_000; index++) assert.deepEqual(of(String(index)), { text: String(index) })
  assert.deepEqual(of('a'), { text: 'a' })
})
