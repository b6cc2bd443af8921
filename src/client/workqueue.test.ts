import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as assertTrue } from '#base/assert.ts'
import { VirtualClock } from '#base/clock.ts'
import { because, type Cause, currentCause } from './cause.ts'
import { type Again, WorkQueue } from './workqueue.ts'

test('a key added twice → is given once', async () => {
  const queue = new WorkQueue<string>({ clock: new VirtualClock() })
  queue.add('a')
  queue.add('a')
  assert.equal(await queue.get(), 'a')
  assert.equal(queue.size, 0)
})

test('a key added while it is worked on → comes back after done, never twice at a time', async () => {
  const queue = new WorkQueue<string>({ clock: new VirtualClock() })
  queue.add('a')
  await queue.get()
  queue.add('a')
  assert.equal(queue.size, 0)
  queue.done('a')
  assert.equal(await queue.get(), 'a')
})

test('failures → delays double, and start again after forget', async () => {
  const clock = new VirtualClock()
  const queue = new WorkQueue<string>({ clock, backoffBaseMs: 10, backoffMaxMs: 35 })
  const delays: number[] = []
  for (let round = 0; round < 4; round++) {
    queue.addRateLimited('a')
    const before = clock.monotonicMs()
    const next = queue.get()
    let arrived = false
    const arrival = next.then(() => {
      arrived = true
    })
    while (!arrived) await clock.advance(5)
    await arrival
    delays.push(clock.monotonicMs() - before)
    queue.done('a')
    if (round === 2) queue.forget('a')
  }
  assert.deepEqual(delays, [10, 20, 35, 10])
})

test('two delays for one key → the earlier counts', async () => {
  const clock = new VirtualClock()
  const queue = new WorkQueue<string>({ clock })
  queue.addAfter('a', 100)
  queue.addAfter('a', 50)
  queue.addAfter('a', 200)
  await clock.advance(50)
  assert.equal(queue.size, 1)
  await queue.get()
  queue.done('a')
  await clock.advance(1_000)
  assert.equal(queue.size, 0)
})

test('run: an error puts the key back; abort ends the workers', async () => {
  const clock = new VirtualClock()
  const queue = new WorkQueue<string>({ clock, backoffBaseMs: 10 })
  const controller = new AbortController()
  const errors: unknown[] = []
  let calls = 0
  const running = queue.run(
    { workers: 2, onError: (_key, error) => errors.push(error) },
    async () => {
      calls += 1
      if (calls === 1) throw new Error('first')
    },
    controller.signal,
  )
  queue.add('a')
  await clock.advance(10)
  assert.equal(calls, 2)
  assert.equal(errors.length, 1)
  controller.abort()
  await running
})

test('run: a returned time asks for another call; success starts the back-off anew', async () => {
  const clock = new VirtualClock()
  const queue = new WorkQueue<string>({ clock, backoffBaseMs: 10 })
  const controller = new AbortController()
  const calls: number[] = []
  const answers = ['fail', 'fail', 1_000, 'fail', undefined]
  const running = queue.run(
    { workers: 1, onError: () => undefined },
    async () => {
      calls.push(clock.monotonicMs())
      const answer = answers.shift()
      if (answer === 'fail') throw new Error('again')
      return answer as number | undefined
    },
    controller.signal,
  )
  queue.add('a')
  await clock.advance(5_000)
  assert.deepEqual(calls, [0, 10, 30, 1_030, 1_040])
  controller.abort()
  await running
  assert.equal(clock.waiting, 0)
})

test('run: never two workers on one key; a key added meanwhile comes again, once', async () => {
  const clock = new VirtualClock()
  const queue = new WorkQueue<string>({ clock })
  const controller = new AbortController()
  let atOnce = 0
  let calls = 0
  const running = queue.run(
    { workers: 4, onError: () => assert.fail('no failure') },
    async (_key, signal) => {
      calls += 1
      assert.equal(++atOnce, 1)
      await clock.sleep(100, signal)
      atOnce -= 1
    },
    controller.signal,
  )
  for (let round = 0; round < 10; round++) {
    queue.add('a')
    await clock.advance(10)
  }
  await clock.advance(1_000)
  assert.equal(calls, 2)
  controller.abort()
  await running
})

test('run: abort leaves what waits, and no timer; keys added later are ignored', async () => {
  const clock = new VirtualClock()
  const queue = new WorkQueue<string>({ clock })
  const controller = new AbortController()
  const seen: string[] = []
  for (const key of ['a', 'b', 'c']) queue.add(key)
  queue.addAfter('d', 50)
  const running = queue.run(
    { workers: 1, onError: () => assert.fail('an answer to the abort is no failure') },
    async key => {
      seen.push(key)
      controller.abort(new Error('stopped'))
      throw new Error('stopped')
    },
    controller.signal,
  )
  await running
  queue.add('e')
  queue.addAfter('f', 1)
  assert.deepEqual(seen, ['a'])
  assert.equal(clock.waiting, 0)
})

test('run: a broken assertion ends it: what is broken is not tried again', async () => {
  const queue = new WorkQueue<string>({ clock: new VirtualClock() })
  queue.add('a')
  const running = queue.run(
    { workers: 2, onError: () => assert.fail('not an operating failure') },
    async () => assertTrue(false, 'two and two are four'),
    new AbortController().signal,
  )
  await assert.rejects(running, /two and two are four/)
})

/** What each round of work was the answer to. */
async function causesOfWork(
  work: (queue: WorkQueue<string>, round: number) => number | Again | undefined,
  begin: (queue: WorkQueue<string>) => void,
) {
  const clock = new VirtualClock()
  const queue = new WorkQueue<string>({ clock })
  const causes: (Cause | undefined)[] = []
  const stop = new AbortController()
  begin(queue)
  const running = queue.run(
    { workers: 1, onError: () => {} },
    async () => {
      await Promise.resolve()
      causes.push(currentCause())
      return work(queue, causes.length)
    },
    stop.signal,
  )
  await clock.advance(1_000_000)
  stop.abort()
  await running
  return causes
}

const saw = (version: number): Cause => ({ resourceVersion: String(version) })

test('work on a key is the answer to what made somebody add it last', async () => {
  const causes = await causesOfWork(
    () => undefined,
    queue => {
      because(saw(1), () => queue.add('a'))
      because(saw(2), () => queue.add('a'))
    },
  )
  assert.deepEqual(causes, [saw(2)])
})

test('a key that is added during the work: the next round has its own cause', async () => {
  const causes = await causesOfWork(
    (queue, round) => {
      if (round === 1) because(saw(2), () => queue.add('a'))
      return undefined
    },
    queue => because(saw(1), () => queue.add('a')),
  )
  assert.deepEqual(causes, [saw(1), saw(2)])
})

test('work that asks to be called again goes on with its cause, and with words when it has some', async () => {
  const causes = await causesOfWork(
    (_, round) => [{ afterMs: 300_000, reason: 'the time is over' }, 5_000][round - 1],
    queue => because(saw(1), () => queue.add('a')),
  )
  assert.deepEqual(causes, [saw(1), { ...saw(1), reason: 'the time is over' }, { ...saw(1), reason: 'the time is over' }])
})

test('a failure is tried again for the same cause', async () => {
  const causes = await causesOfWork(
    (_, round) => {
      if (round === 1) throw new Error('not yet')
      return undefined
    },
    queue => because(saw(1), () => queue.add('a')),
  )
  assert.deepEqual(causes, [saw(1), saw(1)])
})

test('of several delays the earliest counts, of their causes the newest', async () => {
  const causes = await causesOfWork(
    () => undefined,
    queue => {
      queue.addAfter('a', 50, saw(1))
      queue.addAfter('a', 60, saw(2))
    },
  )
  assert.deepEqual(causes, [saw(2)])
})

test('a queue that takes the place of another begins its work again, in the same order and for the newest cause', async () => {
  const clock = new VirtualClock()
  const [first, newer] = [{ reason: 'first' }, { reason: 'newer' }]
  const queue = new WorkQueue<string>({ clock })
  for (const key of ['a', 'b', 'c']) queue.add(key, first)
  await queue.get()
  await queue.get()
  queue.add('b', newer)
  const copy = new WorkQueue<string>({ clock }, queue.state)
  const begun: [string, Cause | undefined][] = []
  const stop = new AbortController()
  const reconcile = async (key: string) => void begun.push([key, currentCause()])
  const running = copy.run({ workers: 1, onError: () => {} }, reconcile, stop.signal)
  await clock.advance(0)
  stop.abort()
  await running
  assert.deepEqual(begun, [
    ['a', first],
    ['b', newer],
    ['c', first],
  ])
})
