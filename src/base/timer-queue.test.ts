import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Due, Timer } from './timer.ts'
import { SeededRandom } from './random.ts'
import { TimerQueue } from './timer-queue.ts'

test('TimerQueue: whatever is added and cancelled, timers come by time, then by number', () => {
  const random = new SeededRandom(7)
  const below = (limit: number) => Math.floor(random.next() * limit)
  const queue = new TimerQueue()
  const waiting = new Map<Due, Timer>()
  const taken: Due[] = []
  let nowMs = 0
  let order = 0
  const isBefore = (left: Due, right: Due) => left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order)
  for (let step = 0; step < 5_000; step++) {
    const choice = below(10)
    if (choice < 5) {
      // Some numbers were given out before, as those of a copy's timers are.
      const due = { atMs: nowMs + below(5), order: below(4) === 0 ? 1_000 * random.next() : 1_000 + order++ }
      waiting.set(
        due,
        queue.add(due, () => taken.push(due)),
      )
    } else if (choice < 7 && waiting.size > 0) {
      const [due, timer] = [...waiting][below(waiting.size)]!
      timer.cancel()
      timer.cancel()
      waiting.delete(due)
    } else if (waiting.size > 0) {
      const next = [...waiting.keys()].reduce((first, due) => (isBefore(due, first) ? due : first))
      assert.equal(queue.nextMs, next.atMs)
      nowMs = next.atMs
      queue.take()()
      assert.equal(taken.at(-1), next)
      waiting.get(next)!.cancel()
      waiting.delete(next)
    }
    assert.equal(queue.size, waiting.size)
  }
  assert.ok(taken.length > 500)
})
