import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { StorageEvent } from '../storage.ts'
import { packEvents, unpackEvents } from './event-pack.ts'
import { decodeKey, encodeKey } from './key-encoding.ts'

const anyString = fc.oneof(
  fc.string(),
  fc.array(fc.integer({ min: 0xd700, max: 0xffff })).map(units => String.fromCharCode(...units)),
  fc.string({ unit: 'binary' }),
)

it('keys: encoding is well formed, comes back, and turns code unit order into byte order', () => {
  fc.assert(
    fc.property(anyString, anyString, (a, b) => {
      assert(encodeKey(a).isWellFormed())
      assert.equal(decodeKey(encodeKey(a)), a)
      const byBytes = Math.sign(Buffer.compare(Buffer.from(encodeKey(a)), Buffer.from(encodeKey(b))))
      assert.equal(byBytes, a < b ? -1 : a > b ? 1 : 0)
    }),
  )
})

const event: fc.Arbitrary<StorageEvent> = fc.record({
  type: fc.constantFrom('put', 'delete'),
  key: anyString,
  revision: fc.maxSafeNat(),
  value: fc.uint8Array(),
  createRevision: fc.maxSafeNat(),
  previousRevision: fc.maxSafeNat(),
})

it('events: packing and unpacking gives the same, but for values of deletes that were left out', () => {
  const plain = (events: StorageEvent[]) => events.map(event => ({ ...event, value: [...event.value] }))
  fc.assert(
    fc.property(fc.array(event), fc.boolean(), (events, deletedValues) => {
      const want = events.map(event => (event.type === 'put' || deletedValues ? event : { ...event, value: new Uint8Array(0) }))
      assert.deepEqual(plain(unpackEvents(packEvents(events, { deletedValues }))), plain(want))
    }),
  )
})
