import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goJSON, quote } from './quote.ts'

for (const [text, want] of [
  ['plain text', '"plain text"'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['\n\t\x00\x7f', '"\\n\\t\\x00\\x7f"'],
  ['ü 😀', '"ü 😀"'],
  ['\u00a0\u200b', '"\\u00a0\\u200b"'],
] as [string, string][]) {
  test(`quote ${JSON.stringify(text)}`, () => assert.equal(quote(text), want))
}

test('JSON as Go writes it', () => assert.equal(goJSON({ a: '<&>' }), '{"a":"\\u003c\\u0026\\u003e"}'))
