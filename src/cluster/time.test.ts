import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RealClock, VirtualClock } from '#base/clock.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import { ClusterTime, DeadlineExceeded } from './time.ts'

function virtualTime() {
  const clock = new VirtualClock(0)
  const cluster = { clock, storage: new MemoryStorage(), requestsUnderWay: 0, watchesCatchingUp: 0 }
  return { clock, time: new ClusterTime(() => cluster) }
}

describe('virtual time', () => {
  test('two who advance at once add up', async () => {
    const { clock, time } = virtualTime()
    const fired: number[] = []
    for (const seconds of [1, 5, 9]) clock.after(seconds * 1_000, () => fired.push(clock.now()))
    await Promise.all([time.advance('4s'), time.advance('4s')])
    assert.deepEqual([clock.now(), fired], [8_000, [1_000, 5_000]])
  })

  test('two who wait at once each see their time, and nothing happens while a timer is being dealt with', async () => {
    const { clock, time } = virtualTime()
    let busy = 0
    const seen: number[] = []
    const turn = () => new Promise(resolve => setImmediate(resolve))
    const work = async () => {
      assert.equal(busy++, 0, 'time moved on before the cluster was quiet')
      for (let step = 0; step < 10; step++) {
        // A timer that is made says that somebody is at work.
        clock.after(1_000_000, () => {}).cancel()
        await turn()
      }
      busy--
    }
    const working: Promise<void>[] = []
    for (const ms of [1_000, 2_000, 3_000]) clock.after(ms, () => working.push(work()))
    const waitFor = async (ms: number) => {
      await time.runUntil(() => clock.now() >= ms)
      seen.push(clock.now())
    }
    await Promise.all([waitFor(2_000), waitFor(3_000)])
    await Promise.all(working)
    assert.deepEqual([seen, working.length], [[2_000, 3_000], 3])
  })

  test('who sleeps on it wakes when time has moved so far, or is given up', async () => {
    const { clock, time } = virtualTime()
    const woken: number[] = []
    const enough = new AbortController()
    const sleepers = ['2s', '5s'].map(duration => time.sleep(duration).then(() => woken.push(clock.now())))
    const givenUp = time.sleep('1h', enough.signal)
    await time.advance('4s')
    assert.deepEqual(woken, [2_000])
    enough.abort(new Error('enough'))
    await assert.rejects(givenUp, /^Error: enough$/)
    await time.advance('1s')
    await Promise.all(sleepers)
    assert.deepEqual(woken, [2_000, 5_000])
  })

  test('what does not come within the limit is DeadlineExceeded; who gives up leaves time where it is', async () => {
    const { clock, time } = virtualTime()
    for (let ms = 1_000; ms <= 10_000; ms += 1_000) clock.after(ms, () => {})
    await assert.rejects(
      time.runUntil(() => false, { timeout: '2s' }),
      DeadlineExceeded,
    )
    assert.equal(clock.now(), 2_000)
    const enough = new AbortController()
    clock.after(2_500, () => enough.abort(new Error('enough')))
    await assert.rejects(
      time.runUntil(() => false, { signal: enough.signal }),
      /^Error: enough$/,
    )
    assert.equal(clock.now(), 4_500)
    await assert.rejects(time.advance('1m', { signal: enough.signal }), /^Error: enough$/)
    assert.equal(clock.now(), 4_500)
  })
})

test('time is not moved on for ever', async () => {
  const { clock, time } = virtualTime()
  await assert.rejects(time.advance(Number.POSITIVE_INFINITY), /^RangeError: time cannot be moved on for ever/)
  await time.advance('1s')
  assert.equal(clock.now(), 1_000)
})

test('waiting: the timers of virtual time', () => {
  const clock = new VirtualClock()
  const timeOf = (clock: VirtualClock | RealClock) =>
    new ClusterTime(() => ({ clock, storage: new MemoryStorage(), requestsUnderWay: 0, watchesCatchingUp: 0 }))
  using timer = clock.after(1_000, () => {})
  assert.deepEqual([timeOf(clock).waiting, timeOf(new RealClock()).waiting], [1, 0])
  timer.cancel()
  assert.equal(timeOf(clock).waiting, 0)
})

test('real time: who gives up does not wait for the limit', async () => {
  const cluster = { clock: new RealClock(), storage: new MemoryStorage(), requestsUnderWay: 0, watchesCatchingUp: 0 }
  const time = new ClusterTime(() => cluster)
  const enough = new AbortController()
  const waiting = time.runUntil(() => false, { signal: enough.signal })
  const advancing = time.advance('1h', { signal: enough.signal })
  enough.abort(new Error('enough'))
  await assert.rejects(waiting, /^Error: enough$/)
  await assert.rejects(advancing, /^Error: enough$/)
})

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}

test('real time: the condition is asked again when one says so, without a write', async () => {
  const cluster = { clock: new RealClock(), storage: new MemoryStorage(), requestsUnderWay: 0, watchesCatchingUp: 0 }
  const time = new ClusterTime(() => cluster)
  const happened = { it: false, tell: () => {} }
  const waiting = time.runUntil(() => happened.it, { timeout: '10s', alsoAfter: ask => (happened.tell = ask) })
  await turns(10)
  happened.it = true
  happened.tell()
  let holds = false
  const told = waiting.then(() => (holds = true))
  await turns(3)
  assert.equal(holds, true)
  await told
})

/** What runs on the real clock, and the newest revision that somebody knows who watches, and takes two turns for it. */
async function watched() {
  const cluster = { clock: new RealClock(), storage: new MemoryStorage(), requestsUnderWay: 0, watchesCatchingUp: 0 }
  const write = (key: string) => cluster.storage.commit({ key, value: Buffer.from(key), expectedRevision: 0 })
  const known = { revision: 0 }
  await cluster.storage.watch({ prefix: '/', afterRevision: 0 }, ([event]) =>
    setImmediate(() => setImmediate(() => (known.revision = event!.revision))),
  )
  return { time: new ClusterTime(() => cluster), write, known }
}

describe('real time: the condition is asked again once who watches was told', () => {
  const cases: { name: string; before: string[]; meanwhile: string[] }[] = [
    { name: 'of a write', before: [], meanwhile: ['/a', '/b'] },
    { name: 'of a write just before', before: ['/a', '/b'], meanwhile: [] },
  ]
  for (const { name, before, meanwhile } of cases)
    test(name, async () => {
      const { time, write, known } = await watched()
      for (const key of before) await write(key)
      let holds = false
      const waiting = time.runUntil(() => known.revision === 2, { timeout: '1s' }).then(() => (holds = true))
      for (const key of meanwhile) await write(key)
      await turns(5)
      assert.equal(holds, true, 'it waits for another write')
      await waiting
    })
})

test('real time: the condition is asked as long as watches catch up, however long ago the last write was', async () => {
  const cluster = { clock: new RealClock(), storage: new MemoryStorage(), requestsUnderWay: 0, watchesCatchingUp: 1 }
  const time = new ClusterTime(() => cluster)
  const told = { all: false }
  let holds = false
  const waiting = time.runUntil(() => told.all, { timeout: '1s' }).then(() => (holds = true))
  await turns(20)
  told.all = true
  cluster.watchesCatchingUp = 0
  await turns(3)
  assert.equal(holds, true)
  await waiting
})

test('the cluster is not quiet while watches catch up', async () => {
  const cluster = { clock: new VirtualClock(), storage: new MemoryStorage(), requestsUnderWay: 0, watchesCatchingUp: 1 }
  let isQuiet = false
  const settling = new ClusterTime(() => cluster).settle().then(() => (isQuiet = true))
  await turns(20)
  assert.equal(isQuiet, false)
  cluster.watchesCatchingUp = 0
  await settling
})
