import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTimestamp, Timestamps, toNanoseconds } from './timestamp.ts'

const noonMs = Date.UTC(2026, 0, 1, 12)

test('times within a millisecond grow', () => {
  const timestamps = new Timestamps()
  const times = [noonMs, noonMs, noonMs, noonMs - 5, noonMs + 1].map(nowMs => toNanoseconds(timestamps.next(nowMs)))
  const base = BigInt(noonMs) * 1_000_000n
  assert.deepEqual(times, [base, base + 244n, base + 488n, base + 732n, base + 1_000_000n])
})

const formatted: [ms: number, text: string][] = [
  [noonMs, '2026-01-01T12:00:00Z'],
  [noonMs + 120, '2026-01-01T12:00:00.12Z'],
  [noonMs + 2 ** -12, '2026-01-01T12:00:00.000000244Z'],
  [noonMs + 5.5, '2026-01-01T12:00:00.0055Z'],
]
for (const [ms, text] of formatted) test(text, () => assert.equal(formatTimestamp(ms), text))

test('never is 0', () => assert.equal(toNanoseconds(0), 0n))
