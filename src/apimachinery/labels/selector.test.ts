import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everything, nothing, parseLabelSelector, selectorOf, selectorOfSet } from './selector.ts'

for (const { text, yes, no, shown } of [
  { text: '', yes: {}, no: undefined, shown: '' },
  { text: 'app=web', yes: { app: 'web' }, no: { app: 'db' }, shown: 'app=web' },
  { text: 'app==web , tier', yes: { app: 'web', tier: '' }, no: { app: 'web' }, shown: 'app==web,tier' },
  { text: 'app!=web', yes: {}, no: { app: 'web' }, shown: 'app!=web' },
  { text: 'app in (b, a)', yes: { app: 'a' }, no: {}, shown: 'app in (a,b)' },
  { text: 'app notin (a,)', yes: { app: 'b' }, no: { app: '' }, shown: 'app notin (,a)' },
  { text: '!a,b', yes: { b: '' }, no: { a: '', b: '' }, shown: '!a,b' },
  { text: 'n>3,n<5', yes: { n: '4' }, no: { n: '5' }, shown: 'n>3,n<5' },
  { text: '!constructor,valueOf', yes: { valueOf: '' }, no: { a: 'x' }, shown: '!constructor,valueOf' },
  { text: 'a=', yes: { a: '' }, no: { a: 'x' }, shown: 'a=' },
  { text: 'in=notin', yes: { in: 'notin' }, no: {}, shown: 'in=notin' },
  { text: 'z=1,a=2', yes: { z: '1', a: '2' }, no: { z: '1' }, shown: 'a=2,z=1' },
] as { text: string; yes: Record<string, string>; no: Record<string, string> | undefined; shown: string }[]) {
  test(`label selector "${text}"`, () => {
    const selector = parseLabelSelector(text)
    assert.equal(selector.matches(yes), true)
    if (no !== undefined) assert.equal(selector.matches(no), false)
    assert.equal(selector.toString(), shown)
    assert.equal(parseLabelSelector(shown).toString(), shown)
  })
}

for (const { text, message } of [
  { text: 'a,', message: "found '', expected: identifier after ','" },
  { text: ',a', message: "found ',', expected: !, identifier, or 'end of string'" },
  { text: 'a b', message: "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt" },
  { text: 'a in b', message: "unable to parse requirement: found 'b' expected: '('" },
  { text: 'a in (b', message: "unable to parse requirement: found '', expected: ',' or ')'" },
  { text: 'a=b=c', message: "found '=', expected: ',' or 'end of string'" },
  { text: '!', message: "unable to parse requirement: found '', expected: identifier" },
  {
    text: 'a>x',
    message: `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
  },
]) {
  test(`label selector "${text}" → ${message}`, () => {
    assert.throws(() => parseLabelSelector(text), { message, code: 400 })
  })
}

test('label selector: a bad key and a bad value are named', () => {
  assert.throws(
    () => parseLabelSelector('_x=1'),
    /^StatusError: unable to parse requirement: <nil>: Invalid value: "_x": name part must consist of/,
  )
  assert.throws(() => parseLabelSelector('x=-'), /values\[0\]\[x\]: Invalid value: "-": a valid label must be/)
})

test('label selector of an API field', () => {
  assert.equal(selectorOf(undefined), nothing)
  assert.equal(selectorOf({}), everything)
  const selector = selectorOf({ matchLabels: { app: 'a' }, matchExpressions: [{ key: 'b', operator: 'In', values: ['x', 'y'] }] })
  assert.equal(selector.toString(), 'app=a,b in (x,y)')
  assert.throws(() => selectorOf({ matchExpressions: [{ key: 'b', operator: 'Like' }] }), {
    message: '"Like" is not a valid label selector operator',
  })
  assert.equal(selectorOfSet({ a: 'b' }).exactMatch('a'), 'b')
})
