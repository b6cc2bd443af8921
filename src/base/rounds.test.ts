import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from './clock.ts'
import { Rounds } from './rounds.ts'

/** Rounds every second, and when they were. */
function everySecond(clock: VirtualClock) {
  const times: number[] = []
  const rounds = new Rounds(clock, async () => {
    times.push(clock.monotonicMs())
    return 1_000
  })
  return { rounds, times }
}

test('rounds: the first at once, then after each wait, until aborted', async () => {
  const clock = new VirtualClock()
  const { rounds, times } = everySecond(clock)
  const end = new AbortController()
  const running = rounds.run(end.signal)
  await clock.advance(2_500)
  assert.deepEqual(times, [0, 1_000, 2_000])
  end.abort()
  await running
  assert.deepEqual([clock.waiting, rounds.due], [0, undefined])
})

test('rounds: a copy goes on with the wait', async () => {
  const clock = new VirtualClock()
  const { rounds } = everySecond(clock)
  const end = new AbortController()
  const running = [rounds.run(end.signal)]
  await clock.advance(400)
  const copy = clock.copy()
  const { rounds: others, times } = everySecond(copy)
  running.push(others.run(end.signal, rounds.due))
  await copy.advance(599)
  assert.deepEqual(times, [])
  await copy.advance(1)
  assert.deepEqual(times, [1_000])
  end.abort()
  await Promise.all(running)
})

test('rounds: a wait that is cut short, one that comes first, and rounds that never begin', async () => {
  const clock = new VirtualClock()
  const { rounds, times } = everySecond(clock)
  const end = new AbortController()
  const running = rounds.run(end.signal, 300)
  await clock.advance(400)
  rounds.cutShort()
  // Nothing waits during a round.
  rounds.cutShort()
  await clock.advance(999)
  assert.deepEqual([times, rounds.due?.atMs], [[300, 400], 1_400])
  end.abort()
  await running
  const { rounds: late, times: none } = everySecond(clock)
  await late.run(end.signal)
  assert.deepEqual([none, clock.waiting], [[], 0])
})

test('rounds: one that is under way when all ends is waited for, one that fails ends them', async () => {
  const clock = new VirtualClock()
  const last = Promise.withResolvers<number>()
  const end = new AbortController()
  let hasEnded = false
  const running = new Rounds(clock, () => last.promise).run(end.signal).then(() => (hasEnded = true))
  end.abort()
  await clock.advance(0)
  assert.equal(hasEnded, false)
  last.resolve(1_000)
  await running
  const bug = new Error('bug')
  const failing = new Rounds(clock, async () => Promise.reject(bug)).run(new AbortController().signal)
  await assert.rejects(failing, error => error === bug)
  assert.equal(clock.waiting, 0)
})
