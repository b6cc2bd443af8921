import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CopyOnWriteMap } from './copy-on-write-map.ts'
import { ResumedMap } from './resumed-map.ts'

interface Counter {
  count: number
}

function world(entries: [string, number][]) {
  const resumed: string[] = []
  const states = new CopyOnWriteMap(entries)
  const resume = (count: number, key: string): Counter => {
    resumed.push(key)
    return { count }
  }
  return { resumed, states, map: new ResumedMap<string, number, Counter>({ resume, stateOf: ({ count }) => count }, states) }
}

test('resumed map: a thing is made once, when it is asked for; until then its state stays what it was', () => {
  const { resumed, states, map } = world([
    ['a', 1],
    ['b', 2],
  ])
  assert.deepEqual([...map], [1, 2])
  assert.deepEqual([...map.states], [...states])
  assert.deepEqual(resumed, [])
  map.get('b')!.count++
  assert.equal(map.get('b')!.count, 3)
  assert.deepEqual(resumed, ['b'])
  assert.deepEqual([...map.made()], [{ count: 3 }])
  assert.deepEqual([...map], [1, { count: 3 }])
  assert.deepEqual(Object.fromEntries(map.states), { a: 1, b: 3 })
  assert.deepEqual(Object.fromEntries(states), { a: 1, b: 2 })
})

test('resumed map: what is set takes the place of a state, what is deleted is never made', () => {
  const { resumed, map } = world([
    ['a', 1],
    ['b', 2],
  ])
  map.set('a', { count: 10 })
  map.delete('b')
  assert.deepEqual([map.get('a'), map.get('b'), map.has('a'), map.has('b')], [{ count: 10 }, undefined, true, false])
  assert.deepEqual([...map.states], [['a', 10]])
  assert.deepEqual(resumed, [])
})
