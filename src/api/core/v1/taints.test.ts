import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findUntoleratedTaint, minTolerationSeconds, taintText, tolerates } from './taints.ts'
import type { Taint, Toleration } from './types.gen.ts'

const taint: Taint = { key: 'k', value: 'v', effect: 'NoSchedule' }

const cases: { toleration: Toleration; taint?: Taint; want: boolean }[] = [
  { toleration: { operator: 'Exists' }, want: true },
  { toleration: { key: 'k', operator: 'Exists' }, want: true },
  { toleration: { key: 'k', value: 'v' }, want: true },
  { toleration: { key: 'k', value: 'v', effect: 'NoSchedule' }, want: true },
  { toleration: { key: 'k', value: 'w' }, want: false },
  { toleration: { key: 'other', operator: 'Exists' }, want: false },
  { toleration: { key: 'k', operator: 'Exists', effect: 'NoExecute' }, want: false },
  { toleration: { key: 'k', operator: 'Gt', value: '5' }, taint: { ...taint, value: '6' }, want: true },
  { toleration: { key: 'k', operator: 'Gt', value: '5' }, taint: { ...taint, value: '05' }, want: false },
  { toleration: { key: 'k', operator: 'Lt', value: '5' }, taint: { ...taint, value: '6' }, want: false },
]

describe('taints', () => {
  for (const { toleration, taint: other = taint, want } of cases) {
    test(`${JSON.stringify(toleration)} and ${taintText(other)}`, () => assert.equal(tolerates(toleration, other), want))
  }

  test('the first taint of the effects that nothing tolerates', () => {
    const soft: Taint = { key: 'soft', effect: 'PreferNoSchedule' }
    assert.equal(findUntoleratedTaint([soft, taint], [], ['NoSchedule']), taint)
    assert.equal(findUntoleratedTaint([soft, taint], [{ key: 'k', operator: 'Exists' }], ['NoSchedule']), undefined)
  })

  test('how long a pod may stay', () => {
    const leave: Taint = { key: 'k', effect: 'NoExecute' }
    const staying = (...seconds: (number | undefined)[]): Toleration[] =>
      seconds.map(tolerationSeconds => ({ key: 'k', operator: 'Exists', tolerationSeconds }))
    assert.equal(minTolerationSeconds([leave], []), 0)
    assert.equal(minTolerationSeconds([leave], staying(undefined)), undefined)
    assert.equal(minTolerationSeconds([leave], staying(300, 60, undefined)), 60)
    assert.equal(minTolerationSeconds([taint], []), undefined)
  })
})
