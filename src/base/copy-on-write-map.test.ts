import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CopyOnWriteMap } from './copy-on-write-map.ts'

const entries: [string, number][] = [
  ['a', 1],
  ['b', 2],
]

test('copy-on-write map: what happens in one is not seen in the other, whichever changes first', () => {
  for (const change of [
    (map: CopyOnWriteMap<string, number>) => map.set('a', 3),
    (map: CopyOnWriteMap<string, number>) => map.set('c', 3),
    (map: CopyOnWriteMap<string, number>) => map.delete('b'),
  ])
    for (const isOriginal of [true, false]) {
      const original = new CopyOnWriteMap(entries)
      const copy = original.copy()
      change(isOriginal ? original : copy)
      assert.deepEqual([...(isOriginal ? copy : original)], entries)
      assert.notDeepEqual([...(isOriginal ? original : copy)], entries)
      const third = copy.copy()
      change(copy)
      change(original)
      assert.deepEqual([...third], isOriginal ? entries : [...copy])
    }
})

test('copy-on-write map: reads as a Map does, in the order of insertion', () => {
  const map = new CopyOnWriteMap(entries).copy()
  map.set('a', 5).set('c', 6)
  assert.deepEqual([...map.keys()], ['a', 'b', 'c'])
  assert.deepEqual([...map.values()], [5, 2, 6])
  assert.deepEqual(
    [map.size, map.get('a'), map.get('x'), map.has('c'), map.delete('c'), map.delete('c')],
    [3, 5, undefined, true, true, false],
  )
})

test('copy-on-write map: empty ones share nothing that one could see', () => {
  const [first, second] = [new CopyOnWriteMap<string, number>(), new CopyOnWriteMap<string, number>()]
  assert.equal(first.delete('a'), false)
  first.set('a', 1)
  assert.deepEqual([[...first], [...second], [...new CopyOnWriteMap()]], [[['a', 1]], [], []])
})
