import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatMicroTime, formatTime } from './time.ts'

describe('times on the wire', () => {
  const noon = Date.UTC(2026, 0, 31, 12)
  const cases: { name: string; unixMs: number; time: string; microTime: string }[] = [
    { name: 'a whole second', unixMs: noon, time: '2026-01-31T12:00:00Z', microTime: '2026-01-31T12:00:00.000000Z' },
    { name: 'the same second', unixMs: noon + 7, time: '2026-01-31T12:00:00Z', microTime: '2026-01-31T12:00:00.007000Z' },
    { name: 'a part of a millisecond', unixMs: noon + 999.9375, time: '2026-01-31T12:00:00Z', microTime: '2026-01-31T12:00:00.999000Z' },
    { name: 'the next second', unixMs: noon + 1_000, time: '2026-01-31T12:00:01Z', microTime: '2026-01-31T12:00:01.000000Z' },
    { name: 'an earlier one', unixMs: 0, time: '1970-01-01T00:00:00Z', microTime: '1970-01-01T00:00:00.000000Z' },
    { name: 'before 1970', unixMs: -1, time: '1969-12-31T23:59:59Z', microTime: '1969-12-31T23:59:59.999000Z' },
  ]
  for (const { name, unixMs, time, microTime } of cases)
    test(name, () => assert.deepEqual([formatTime(unixMs), formatMicroTime(unixMs)], [time, microTime]))
})
