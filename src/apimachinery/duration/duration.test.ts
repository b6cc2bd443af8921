import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDurationNanos, humanDuration, parseDurationMs, parseDurationNanos } from './duration.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

for (const [ms, text] of [
  [-2 * second, '<invalid>'],
  [-1 * second, '0s'],
  [0, '0s'],
  [second + 999, '1s'],
  [2 * minute - 1, '119s'],
  [2 * minute, '2m'],
  [2 * minute + second, '2m1s'],
  [10 * minute - second, '9m59s'],
  [10 * minute + 30 * second, '10m'],
  [3 * hour - 1, '179m'],
  [3 * hour, '3h'],
  [3 * hour + minute, '3h1m'],
  [8 * hour - 1, '7h59m'],
  [8 * hour + 59 * minute, '8h'],
  [2 * day - 1, '47h'],
  [2 * day, '2d'],
  [2 * day + hour, '2d1h'],
  [8 * day - 1, '7d23h'],
  [8 * day, '8d'],
  [2 * year - 1, '729d'],
  [2 * year, '2y'],
  [2 * year + day, '2y1d'],
  [8 * year, '8y'],
  [9 * year + 100 * day, '9y'],
] as [number, string][]) {
  test(`human duration of ${ms} ms → ${text}`, () => assert.equal(humanDuration(ms), text))
}

for (const [text, nanos, shown] of [
  ['0', 0n, '0s'],
  ['5m', 300_000_000_000n, '5m0s'],
  ['1h', 3_600_000_000_000n, '1h0m0s'],
  ['1h30m10.5s', 5_410_500_000_000n, '1h30m10.5s'],
  ['-1.5h', -5_400_000_000_000n, '-1h30m0s'],
  ['250ms', 250_000_000n, '250ms'],
  ['1us', 1000n, '1µs'],
  ['.5s', 500_000_000n, '500ms'],
] as [string, bigint, string][]) {
  test(`duration "${text}" → ${shown}`, () => {
    assert.equal(parseDurationNanos(text), nanos)
    assert.equal(formatDurationNanos(nanos), shown)
  })
}

for (const [text, message] of [
  ['', 'time: invalid duration ""'],
  ['x', 'time: invalid duration "x"'],
  ['5', 'time: missing unit in duration "5"'],
  ['5d', 'time: unknown unit "d" in duration "5d"'],
] as [string, string][]) {
  test(`duration "${text}" → ${message}`, () => assert.throws(() => parseDurationMs(text), { message }))
}

test('duration: text and value round-trip', () => {
  fc.assert(fc.property(fc.bigInt(-(2n ** 62n), 2n ** 62n), nanos => parseDurationNanos(formatDurationNanos(nanos)) === nanos))
})
