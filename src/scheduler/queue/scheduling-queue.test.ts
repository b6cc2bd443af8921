import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { VirtualClock } from '#base/clock.ts'
import { because, type Cause } from '#client/cause.ts'
import { podInfoOf } from '../framework/pod-info.ts'
import { defaultPlugins } from '../plugins/registry.ts'
import { SchedulingQueue } from './scheduling-queue.ts'

function pod(name: string, priority = 0): Pod {
  const metadata = { name, namespace: 'default', uid: name, generation: 1 }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { priority, containers: [{ name: 'c', image: 'i' }] } }
}

function newQueue() {
  const clock = new VirtualClock()
  const queue = new SchedulingQueue({ clock, plugins: defaultPlugins, onReady: () => {} })
  return { clock, queue }
}

test('greater priority first, then the older', async () => {
  const { clock, queue } = newQueue()
  for (const [name, priority] of [
    ['a', 0],
    ['b', 10],
    ['c', 0],
  ] as const) {
    queue.set(podInfoOf(pod(name, priority)))
    await clock.advance(1)
  }
  assert.deepEqual(
    [queue.pop(), queue.pop(), queue.pop()].map(entry => entry?.info.key),
    ['default/b', 'default/a', 'default/c'],
  )
})

const roomMade = { type: 'pod-removed', pod: pod('other') } as const

test('a parked pod: woken only by a change that its plugin cares about; its back-off is over long since, so at once', async () => {
  const { clock, queue } = newQueue()
  queue.set(podInfoOf(pod('a')))
  queue.park(queue.pop()!, new Set(['NodeResourcesFit']))
  queue.moveOn({ type: 'node-updated', allocatable: false, labels: true, taints: true, unschedulable: true })
  await clock.advance(60_000)
  assert.equal(queue.pop(), undefined)
  queue.moveOn(roomMade)
  assert.equal(queue.pop()?.info.key, 'default/a')
})

test('a parked pod that is woken right after it failed → waits for the rest of its back-off, which doubles up to ten seconds', async () => {
  const { clock, queue } = newQueue()
  queue.set(podInfoOf(pod('a')))
  const waits: number[] = []
  for (let round = 0; round < 6; round++) {
    queue.park(queue.pop()!, new Set(['NodeResourcesFit']))
    const parkedMs = clock.monotonicMs()
    await clock.advance(400)
    queue.moveOn(roomMade)
    while (clock.monotonicMs() - parkedMs < 20_000) {
      await clock.advance(100)
      const next = queue.pop()
      if (next === undefined) continue
      waits.push(clock.monotonicMs() - parkedMs)
      next.attempts -= 1
      queue.retryLater(next)
      break
    }
    await clock.advance(20_000)
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
})

test('a pod that failed comes after those that were not tried yet', async () => {
  const { clock, queue } = newQueue()
  queue.set(podInfoOf(pod('old')))
  const old = queue.pop()!
  await clock.advance(10)
  queue.set(podInfoOf(pod('new')))
  await clock.advance(10)
  queue.retryLater(old)
  await clock.advance(1_000)
  assert.deepEqual([queue.pop()?.info.key, queue.pop()?.info.key], ['default/new', 'default/old'])
})

test('pods of one moment keep the order of their arrival', () => {
  const { queue } = newQueue()
  const names = Array.from({ length: 20 }, (_, index) => `p${index}`)
  for (const name of names) queue.set(podInfoOf(pod(name)))
  assert.deepEqual(
    names.map(() => queue.pop()?.info.pod.metadata.name),
    names,
  )
})

test('a parked pod whose spec changes → tried again; one whose status changes is not', async () => {
  const { clock, queue } = newQueue()
  queue.set(podInfoOf(pod('a')))
  queue.park(queue.pop()!, new Set(['NodeAffinity']))
  await clock.advance(5_000)
  queue.set(podInfoOf({ ...pod('a'), status: { phase: 'Pending' } }))
  assert.equal(queue.pop(), undefined)
  const changed = pod('a')
  queue.set(podInfoOf({ ...changed, metadata: { ...changed.metadata, generation: 2 } }))
  assert.equal(queue.pop()?.info.pod.metadata.generation, 2)
})

test('closed: no timer is left', async () => {
  const { clock, queue } = newQueue()
  for (const name of ['a', 'b']) queue.set(podInfoOf(pod(name)))
  queue.park(queue.pop()!, new Set())
  queue.retryLater(queue.pop()!)
  queue.close()
  assert.equal(clock.waiting, 0)
})

test('a parked pod that nothing wakes → tried again after five minutes', async () => {
  const { clock, queue } = newQueue()
  queue.set(podInfoOf(pod('a')))
  queue.park(queue.pop()!, new Set(['NodeAffinity']))
  await clock.advance(5 * 60_000)
  assert.equal(queue.pop()?.attempts, 2)
})

test('a removed pod never comes back', async () => {
  const { clock, queue } = newQueue()
  queue.set(podInfoOf(pod('a')))
  const popped = queue.pop()!
  queue.remove('a')
  queue.park(popped, new Set())
  queue.retryLater(popped)
  await clock.advance(10 * 60_000)
  assert.equal(queue.pop(), undefined)
})

test('a pod is tried because it came, because of what made room, or because its time is over', async () => {
  const { clock, queue } = newQueue()
  const saw = (version: string) => ({ resourceVersion: version })
  because(saw('1'), () => queue.set(podInfoOf(pod('a'))))
  const tried = queue.pop()!
  const causes: (Cause | undefined)[] = [tried.cause]
  const park = () => queue.park(tried, new Set(['NodeResourcesFit']))
  park()
  because(saw('2'), () => queue.moveOn(roomMade))
  await clock.advance(1_000)
  causes.push(queue.pop()?.cause)
  park()
  await clock.advance(30_000)
  because(saw('3'), () => queue.moveOn(roomMade))
  causes.push(queue.pop()?.cause)
  park()
  await clock.advance(300_000)
  causes.push(queue.pop()?.cause)
  assert.deepEqual(causes, [
    saw('1'),
    { ...saw('2'), reason: 'its back-off of 1s is over' },
    saw('3'),
    { reason: 'it was not tried for 5m0s' },
  ])
})
