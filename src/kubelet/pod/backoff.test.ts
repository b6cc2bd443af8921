import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BackOff, backOffUntilMs, crashBackOffLimits, formatDuration, nextBackOff, recalledBackOff } from './backoff.ts'

test('back-off: doubles from ten seconds to five minutes', () => {
  const delays: number[] = []
  let backOff: BackOff | undefined
  for (let nowMs = 0; delays.length < 7; nowMs += 1000) {
    backOff = nextBackOff(backOff, { failedAtMs: nowMs, nowMs }, crashBackOffLimits)
    delays.push(backOff.delayMs / 1000)
  }
  assert.deepEqual(delays, [10, 20, 40, 80, 160, 300, 300])
})

test('back-off: ten good minutes and it begins again', () => {
  const last = { delayMs: 300_000, sinceMs: 0 }
  assert.equal(backOffUntilMs(last, 600_000, crashBackOffLimits), 900_000)
  assert.equal(backOffUntilMs(last, 600_001, crashBackOffLimits), undefined)
  assert.equal(nextBackOff(last, { failedAtMs: 600_001, nowMs: 600_001 }, crashBackOffLimits).delayMs, 10_000)
})

test('back-off: recalled from the number of restarts', () => {
  assert.equal(recalledBackOff(0, 5), undefined)
  assert.deepEqual(recalledBackOff(3, 5), { delayMs: 40_000, sinceMs: 5 })
  assert.deepEqual(recalledBackOff(40, 5), { delayMs: 300_000, sinceMs: 5 })
})

for (const [ms, text] of [
  [0, '0s'],
  [0.5, '500µs'],
  [123, '123ms'],
  [1500, '1.5s'],
  [10_000, '10s'],
  [80_000, '1m20s'],
  [300_000, '5m0s'],
  [3_601_000, '1h0m1s'],
] as const) {
  test(`duration: ${ms} ms is ${text}`, () => assert.equal(formatDuration(ms), text))
}
