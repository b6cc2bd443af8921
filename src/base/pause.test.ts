import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Due, VirtualClock } from './clock.ts'
import { pause } from './pause.ts'

test('a pause ends in time, and so does one that goes on with it on a copy of the clock', async () => {
  const { signal } = new AbortController()
  const clock = new VirtualClock()
  let due: Due | undefined
  let ended = 0
  const waiting = pause(clock, 1_000, signal, now => (due = now)).then(() => ended++)
  await clock.advance(400)
  const copy = clock.copy()
  const following = pause(copy, due!, signal, () => {}).then(() => ended++)
  await copy.advance(599)
  assert.equal(ended, 0)
  await copy.advance(1)
  await following
  await clock.advance(600)
  await waiting
  assert.deepEqual([ended, due, clock.waiting, copy.waiting], [2, undefined, 0, 0])
})

test('a pause ends with its signal, and leaves no timer', async () => {
  const clock = new VirtualClock()
  const stop = new AbortController()
  const waiting = pause(clock, 1_000, stop.signal, () => {})
  stop.abort()
  await waiting
  await pause(clock, 1_000, stop.signal, () => {})
  assert.equal(clock.waiting, 0)
})
