import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFieldSelector } from './selector.ts'

for (const { text, yes, no, shown } of [
  { text: '', yes: {}, shown: '' },
  { text: 'metadata.name=a', yes: { 'metadata.name': 'a' }, no: {}, shown: 'metadata.name=a' },
  { text: 'b==1,a!=2,', yes: { b: '1' }, no: { a: '2', b: '1' }, shown: 'a!=2,b=1' },
  { text: 'a=x\\,y\\=z\\\\', yes: { a: 'x,y=z\\' }, no: { a: 'x' }, shown: 'a=x\\,y\\=z\\\\' },
  { text: 'a=', yes: {}, no: { a: 'b' }, shown: 'a=' },
] as { text: string; yes: Record<string, string>; no?: Record<string, string>; shown: string }[]) {
  test(`field selector "${text}"`, () => {
    const selector = parseFieldSelector(text)
    assert.equal(selector.matches(yes), true)
    if (no !== undefined) assert.equal(selector.matches(no), false)
    assert.equal(selector.toString(), shown)
  })
}

for (const { text, message } of [
  { text: 'abc', message: "invalid selector: 'abc'; can't understand 'abc'" },
  { text: 'a=b=c', message: 'invalid field selector: unescaped character in value: 61' },
  { text: 'a=b\\c', message: 'invalid field selector: invalid escape sequence: \\c' },
]) {
  test(`field selector "${text}" → ${message}`, () => assert.throws(() => parseFieldSelector(text), { message, code: 400 }))
}
