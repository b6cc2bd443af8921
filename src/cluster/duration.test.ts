import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationText, parseDuration } from './duration.ts'

for (const [text, ms] of [
  [0, 0],
  [1.5, 1.5],
  ['500ms', 500],
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['7d', 604_800_000],
] as const)
  test(`parseDuration: ${text} → ${ms} ms`, () => assert.equal(parseDuration(text), ms))

for (const text of [-1, Number.NaN, '', '10', 'm', '1 h', '1w', '-1s'] as const)
  test(`parseDuration: ${JSON.stringify(text)} → RangeError`, () => assert.throws(() => parseDuration(text), RangeError))

for (const [duration, text] of [
  [300_000, '5m0s'],
  [0.5, '500µs'],
  ['5m', '5m'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
] as const)
  test(`durationText: ${duration} → ${text}`, () => assert.equal(durationText(duration), text))
