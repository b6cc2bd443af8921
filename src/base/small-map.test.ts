import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SmallMap } from './small-map.ts'

test('small map: does what a Map does, in the order of insertion, few entries or many', () => {
  for (const count of [0, 1, 2, 8, 9, 40]) {
    const [map, small] = [new Map<string, number>(), new SmallMap<string, number>()]
    const same = () => {
      assert.deepEqual([...small], [...map])
      assert.deepEqual([[...small.keys()], [...small.values()], small.size], [[...map.keys()], [...map.values()], map.size])
      for (const key of ['k0', 'k7', 'k9', 'none']) assert.deepEqual([small.get(key), small.has(key)], [map.get(key), map.has(key)])
    }
    for (let index = 0; index < count; index++) for (const each of [map, small]) each.set(`k${index}`, index)
    same()
    for (const each of [map, small]) each.set('k0', 100)
    same()
    for (const key of ['k0', 'k7', 'none']) assert.equal(small.delete(key), map.delete(key))
    same()
    for (const each of [map, small]) each.clear()
    same()
  }
})

test('small map: who goes through it may change it', () => {
  const map = new SmallMap([
    ['a', 1],
    ['b', 2],
  ])
  for (const key of map.keys()) map.delete(key)
  assert.equal(map.size, 0)
})
