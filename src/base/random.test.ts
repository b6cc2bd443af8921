import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Random, SeededRandom } from './random.ts'

const some = (random: Random) => Array.from({ length: 20 }, () => random.next())

test('SeededRandom: a copy gives the same from now on', () => {
  const random = new SeededRandom(7)
  some(random)
  const copy = random.copy()
  assert.deepEqual(some(copy), some(random))
})

test('SeededRandom: UUIDs are of version 4, and no two alike', () => {
  const random = new SeededRandom(7)
  const uuids = Array.from({ length: 1_000 }, () => random.uuid())
  for (const uuid of uuids) assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(uuids).size, uuids.length)
})

test('SeededRandom: a branch gives something else, the same in every copy, and does not change its origin', () => {
  const [random, untouched] = [new SeededRandom(7), new SeededRandom(7)]
  const branch = some(random.branch())
  assert.deepEqual(some(untouched.copy().branch()), branch)
  assert.notDeepEqual(branch, some(untouched.copy()))
  assert.deepEqual(some(random), some(untouched))
})
