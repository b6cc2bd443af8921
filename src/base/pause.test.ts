import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from './clock.ts'
import { Pause } from './pause.ts'

const never = new AbortController().signal

test('Pause: a copy goes on with the wait', async () => {
  const clock = new VirtualClock()
  const pause = new Pause(clock)
  pause.wait(1_000, never).catch(() => undefined)
  await clock.advance(400)
  const copy = clock.copy()
  let hasEnded = false
  const waiting = new Pause(copy).wait(pause.due!, never).then(() => (hasEnded = true))
  await copy.advance(599)
  assert.equal(hasEnded, false)
  await copy.advance(1)
  await waiting
})

test('Pause: cut short, or aborted', async () => {
  const clock = new VirtualClock()
  const pause = new Pause(clock)
  const first = pause.wait(1_000, never)
  assert.equal(pause.due?.atMs, 1_000)
  pause.cutShort()
  await first
  assert.deepEqual([pause.due, clock.waiting], [undefined, 0])
  const end = new AbortController()
  const second = pause.wait(1_000, end.signal)
  end.abort()
  await second
  assert.equal(clock.waiting, 0)
})
