import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from './flags.ts'
import { parsePastTime } from './past-time.ts'

const now = new Date(2026, 4, 17, 12, 30, 15, 500).getTime()
const today = (...time: [number, number, number]) => ({ timeMs: new Date(2026, 4, 17, ...time).getTime() })

const cases: [text: string, want: object][] = [
  ['412', { resourceVersion: '412' }],
  ['5m', { agoMs: 300_000 }],
  ['-5m', { agoMs: 300_000 }],
  ['-1h30m', { agoMs: 5_400_000 }],
  ['9:05', today(9, 5, 0)],
  ['12:30', today(12, 30, 0)],
  ['12:30:14', today(12, 30, 14)],
  ['2026-01-01T00:00:00Z', { timeMs: Date.UTC(2026, 0, 1) }],
  ['2026-01-01T01:00:00.5+01:00', { timeMs: Date.UTC(2026, 0, 1, 0, 0, 0, 500) }],
]
for (const [text, want] of cases) test(`--at ${text}`, () => assert.deepEqual(parsePastTime(text, now), want))

for (const text of ['', 'yesterday', '-', '2026-99-99T00:00:00Z', '12:3', '--5m', '5 m']) {
  test(`--at "${text}" is refused`, () => assert.throws(() => parsePastTime(text, now), UsageError))
}
