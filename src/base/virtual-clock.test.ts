import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from './clock.ts'

test('VirtualClock: timers of a copy fire in the order of the original, whoever sets them first, and before later ones', async () => {
  const clock = new VirtualClock()
  const first = clock.after(1_000, () => undefined)
  const second = clock.after(1_000, () => undefined)
  await clock.advance(500)
  const copy = clock.copy()
  assert.deepEqual([copy.now(), copy.monotonicMs()], [clock.now(), 500])
  const told: string[] = []
  copy.after(500, () => told.push('new'))
  copy.at(second.due, () => told.push('second'))
  copy.at(first.due, () => told.push('first'))
  await copy.advance(500)
  assert.deepEqual(told, ['first', 'second', 'new'])
  assert.deepEqual([clock.waiting, clock.monotonicMs()], [2, 500], 'the original is not touched')
})
