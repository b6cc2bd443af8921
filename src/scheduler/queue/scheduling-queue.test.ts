import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { VirtualClock } from '#base/clock.ts'
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

test('a parked pod: woken only by a change that its plugin cares about, then after its back-off', async () => {
  const { clock, queue } = newQueue()
  queue.set(podInfoOf(pod('a')))
  queue.park(queue.pop()!, new Set(['NodeResourcesFit']))
  queue.moveOn({ type: 'node-updated', allocatable: false, labels: true, taints: true, unschedulable: true })
  await clock.advance(60_000)
  assert.equal(queue.pop(), undefined)
  queue.moveOn({ type: 'pod-removed', pod: pod('other') })
  await clock.advance(999)
  assert.equal(queue.pop(), undefined)
  await clock.advance(1)
  assert.equal(queue.pop()?.info.key, 'default/a')
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
