import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '#base/random.ts'
import { IPAllocator } from './ip-allocator.ts'

test('a range gives each address once, and no more', () => {
  const allocator = new IPAllocator('10.0.0.0/28')
  const random = new SeededRandom(1)
  const given = Array.from({ length: 14 }, () => allocator.takeNext(random))
  assert.deepEqual(new Set(given).size, 14)
  assert.ok(!given.includes('10.0.0.0') && !given.includes('10.0.0.15') && !given.includes(undefined))
  assert.equal(allocator.takeNext(random), undefined)
  allocator.release('10.0.0.3')
  assert.equal(allocator.takeNext(random), '10.0.0.3')
})

test('the lower part of a range is the last that is given', () => {
  const allocator = new IPAllocator('10.0.0.0/24')
  const random = new SeededRandom(2)
  const given = Array.from({ length: 254 - 16 }, () => Number(allocator.takeNext(random)!.split('.')[3]))
  assert.ok(given.every(last => last > 16))
  assert.ok(Number(allocator.takeNext(random)!.split('.')[3]) <= 16)
})

test('ranges of IPv6', () => {
  const allocator = new IPAllocator('fd00::/112')
  assert.equal(allocator.first, 'fd00::1')
  assert.equal(allocator.take('fd00::1'), undefined)
  assert.equal(allocator.take('fd00:0::1'), 'provided IP is already allocated')
})

for (const cidr of ['10.0.0.0', '10.0.0.0/32', 'x/24']) {
  test(`${cidr} is no range for services`, () => assert.throws(() => new IPAllocator(cidr), TypeError))
}
