import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { untilAborted } from './abortable.ts'
import { Group } from './group.ts'

const { signal } = new AbortController()
const bug = new Error('bug')

test('group: the first failure stops the others, and leaves the block as it is', async () => {
  const ended: string[] = []
  const run = async () => {
    await using group = new Group(signal)
    group.spawn(async inner => {
      await untilAborted(inner)
      ended.push('sibling')
      throw new Error('answer to the abort')
    })
    group.spawn(async () => {
      throw bug
    })
    await group.wait()
  }
  await assert.rejects(run(), error => error === bug)
  assert.deepEqual(ended, ['sibling'])
})

test('group: a failure that nobody waited for leaves the block, too', async () => {
  const run = async () => {
    await using group = new Group(signal)
    group.spawn(async () => {
      throw bug
    })
    await new Promise(resolve => setImmediate(resolve))
  }
  await assert.rejects(run(), error => error === bug)
})

test('group: nothing outlives the block, not even its listener', async () => {
  const parent = new AbortController()
  let running = 0
  {
    await using group = new Group(parent.signal)
    group.spawn(async inner => {
      running += 1
      await untilAborted(inner)
      running -= 1
    })
    assert.equal(running, 1)
  }
  assert.equal(running, 0)
  assert.equal(getEventListeners(parent.signal, 'abort').length, 0)
})

test('group: many below one parent share its listener, and end with it or before', async () => {
  const parent = new AbortController()
  const listeners = () => getEventListeners(parent.signal, 'abort').length
  const [first, second, third] = [new Group(parent.signal), new Group(parent.signal), new Group(parent.signal)]
  assert.equal(listeners(), 1)
  await first[Symbol.asyncDispose]()
  assert.equal(listeners(), 1)
  const stop = new Error('stop')
  parent.abort(stop)
  assert.deepEqual([second.signal.reason, third.signal.reason], [stop, stop])
  assert.notEqual(first.signal.reason, stop)
})

test('group: tasks that tasks start are waited for; the reason of the parent goes down', async () => {
  const parent = new AbortController()
  const group = new Group(parent.signal)
  const reasons: unknown[] = []
  group.spawn(async inner => {
    await untilAborted(inner)
    group.spawn(async late => {
      reasons.push(late.reason)
    })
  })
  const stop = new Error('stop')
  parent.abort(stop)
  await group.wait()
  assert.deepEqual(reasons, [stop])
  await group[Symbol.asyncDispose]()
})

test('group: a task that fails at once fails like any other', async () => {
  const run = async () => {
    await using group = new Group(signal)
    group.spawn(() => {
      throw bug
    })
    await group.wait()
  }
  await assert.rejects(run(), error => error === bug)
})

test('group: a task that is started when the last one has just ended is waited for', async () => {
  await using group = new Group(signal)
  const ended: string[] = []
  const first = (async () => {})()
  group.spawn(() => first)
  const waiting = group.wait().then(() => ended.push('wait'))
  await first
  group.spawn(async () => {
    await new Promise(resolve => setImmediate(resolve))
    ended.push('second')
  })
  await waiting
  assert.deepEqual(ended, ['second', 'wait'])
})
