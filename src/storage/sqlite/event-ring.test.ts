import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { StorageEvent } from '../storage.ts'
import { EventRing } from './event-ring.ts'

function eventsOf(first: number, sizes: number[]): StorageEvent[] {
  return sizes.map((size, index) => ({
    type: 'put',
    key: '/k',
    revision: first + index,
    value: new Uint8Array(size),
    createRevision: 1,
    previousRevision: 0,
  }))
}

const cases: { name: string; eventsMax: number; bytesMax: number; batches: number[][]; want: number[] }[] = [
  { name: 'nothing yet', eventsMax: 3, bytesMax: 100, batches: [], want: [] },
  { name: 'everything fits', eventsMax: 3, bytesMax: 100, batches: [[1, 1], [1]], want: [11, 12, 13] },
  {
    name: 'too many events',
    eventsMax: 3,
    bytesMax: 100,
    batches: [
      [1, 1],
      [1, 1, 1],
    ],
    want: [13, 14, 15],
  },
  { name: 'too many bytes', eventsMax: 9, bytesMax: 100, batches: [[60], [30], [20]], want: [12, 13] },
  { name: 'one event over the limit stays', eventsMax: 9, bytesMax: 100, batches: [[60], [30], [200]], want: [13] },
  { name: 'small ones after a large one', eventsMax: 9, bytesMax: 100, batches: [[200], [1], [1]], want: [12, 13] },
]
for (const { name, eventsMax, bytesMax, batches, want } of cases) {
  it(`event ring: ${name}`, () => {
    const ring = new EventRing({ eventsMax, bytesMax }, 10)
    let next = 11
    for (const sizes of batches) {
      ring.push(eventsOf(next, sizes))
      next += sizes.length
    }
    const floor = next - 1 - want.length
    assert.equal(ring.floorRevision, floor)
    assert.deepEqual(
      ring.after(floor).map(({ revision }) => revision),
      want,
    )
    assert.deepEqual(ring.after(next - 1), [])
    for (const revision of want) assert.equal(ring.at(revision)?.revision, revision)
    assert.equal(ring.at(floor), undefined)
    assert.equal(ring.at(next), undefined)
  })
}

it('event ring: a gap is a bug', () => {
  const ring = new EventRing({ eventsMax: 3, bytesMax: 100 }, 10)
  assert.throws(() => ring.push(eventsOf(12, [1])), /without gap/)
  assert.throws(() => ring.after(9), /still has what is asked for/)
})
