import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '#base/random.ts'
import { OrderedMap } from './ordered-map.ts'

test('ordered map: random insertions and deletions → same content and order as a sorted model', () => {
  const random = new SeededRandom(7)
  const map = new OrderedMap<{ key: string; value: number }>()
  const model = new Map<string, number>()
  for (let step = 0; step < 20_000; step++) {
    const key = `/${Math.floor(random.next() * 3)}/${Math.floor(random.next() * 2000)}`
    if (random.next() < 0.35) {
      assert.equal(map.delete(key)?.value, model.get(key))
      model.delete(key)
    } else {
      map.set({ key, value: step })
      model.set(key, step)
    }
  }
  const sorted = (prefix: string, after = '') =>
    [...model.keys()]
      .filter(key => key.startsWith(prefix) && key > after)
      .sort()
      .map(key => ({ key, value: model.get(key)! }))
  assert.equal(map.size, model.size)
  assert.deepEqual(map.under('/'), sorted('/'))
  assert.deepEqual(map.under('/1/'), sorted('/1/'))
  assert.deepEqual(map.under('/1/', '/1/5'), sorted('/1/', '/1/5'))
  const existing = sorted('/2/')[10]!.key
  assert.deepEqual(map.under('/2/', existing), sorted('/2/', existing))
  assert.deepEqual(map.under('/9/'), [])
  assert.deepEqual(new OrderedMap().under('/'), [])
})
