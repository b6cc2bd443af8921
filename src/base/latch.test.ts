import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Latch } from './latch.ts'

test('latch: lets pass who waits and who comes later, and opens once', async () => {
  const latch = new Latch()
  const passed: string[] = []
  const waiting = [latch.opened.then(() => passed.push('first')), latch.opened.then(() => passed.push('second'))]
  await Promise.resolve()
  assert.deepEqual(passed, [])
  latch.open()
  latch.open()
  await Promise.all(waiting)
  await latch.opened
  assert.deepEqual(passed, ['first', 'second'])
})
