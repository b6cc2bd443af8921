import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultRules, type Occurrences } from './fault-rules.ts'

const cases: { have: Occurrences; want: string }[] = [
  { have: {}, want: 'x....' },
  { have: { nth: 2 }, want: '.x...' },
  { have: { nth: 2, times: 2 }, want: '.xx..' },
  { have: { times: Number.POSITIVE_INFINITY }, want: 'xxxxx' },
  { have: { times: 0 }, want: '.....' },
]

for (const { have, want } of cases) {
  test(`fault rules: ${JSON.stringify(have)} → ${want}`, () => {
    const rules = new FaultRules<string, string>()
    const fault = rules.add(call => call === 'mine', 'x', have)
    const seen = Array.from(want, () => {
      assert.deepEqual(rules.due('another'), [])
      return rules.due('mine').join('') || '.'
    })
    assert.equal(seen.join(''), want)
    assert.equal(fault.hits, want.replaceAll('.', '').length)
  })
}

test('fault rules: several at once, taken back, forgotten', () => {
  const rules = new FaultRules<string, number>()
  const always = { times: Number.POSITIVE_INFINITY }
  const first = rules.add(() => true, 1, always)
  rules.add(() => true, 2, always)
  assert.deepEqual(rules.due('call'), [1, 2])
  first[Symbol.dispose]()
  assert.deepEqual(rules.due('call'), [2])
  assert.equal(rules.isEmpty, false)
  rules.clear()
  assert.deepEqual([rules.due('call'), rules.isEmpty], [[], true])
})

test('fault rules: a copy goes on from where the original is, and goes its own way', () => {
  const rules = new FaultRules<string, string>()
  const fault = rules.add(() => true, 'x', { nth: 2, times: 3 })
  const gone = rules.add(() => true, 'y')
  for (let call = 0; call < 2; call++) rules.due('call')
  const copy = rules.copy()
  const [copied, forgotten] = [copy.find(fault)!, copy.find(gone)]
  assert.deepEqual([copied.hits, forgotten, copy.find(rules.add(() => true, 'z'))], [1, undefined, undefined])
  assert.deepEqual(copy.due('call'), ['x'])
  assert.deepEqual([fault.hits, copied.hits, copy.copy().find(copied)?.hits], [1, 2, 2])
  copied[Symbol.dispose]()
  assert.deepEqual([copy.due('call'), rules.due('call')], [[], ['x', 'z']])
})

test('fault rules: what has happened as often as it should is forgotten', () => {
  const rules = new FaultRules<string, number>()
  rules.add(() => true, 1)
  assert.deepEqual(rules.due('call'), [1])
  assert.equal(rules.isEmpty, true)
})

for (const occurrences of [{ nth: 0 }, { nth: 1.5 }, { times: -1 }, { times: '3' }, { time: 3 }]) {
  test(`fault rules: ${JSON.stringify(occurrences)} → refused`, () => {
    assert.throws(
      () => new FaultRules().add(() => true, undefined, occurrences as never),
      /must be a whole number from [01] on|unknown field "time"; known are nth, times/,
    )
  })
}
