import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AsyncQueue } from './async-queue.ts'

test('async queue: items come in order; a failure comes after them', async () => {
  const queue = new AsyncQueue<number>()
  queue.push(1)
  const seen: number[] = []
  const reading = (async () => {
    for await (const item of queue) if (seen.push(item) === 2) queue.close(new Error('over'))
  })()
  queue.push(2)
  queue.push(3)
  await assert.rejects(reading, /over/)
  queue.push(4)
  assert.deepEqual(seen, [1, 2, 3])
})

test('async queue: a batch has all that came since the last, however long its reader took', async () => {
  const queue = new AsyncQueue<number>()
  for (const item of [1, 2, 3]) queue.push(item)
  const batches: (readonly number[])[] = []
  for await (const batch of queue.batches()) {
    batches.push(batch)
    if (batches.length === 1) for (const item of [4, 5]) queue.push(item)
    else queue.close()
  }
  assert.deepEqual(batches, [
    [1, 2, 3],
    [4, 5],
  ])
  assert.equal(queue.size, 0)
})
