import assert from 'node:assert/strict'
import { test } from 'node:test'
import { useAll } from './use-all.ts'

function part(name: string, disposed: string[]): Disposable {
  return { [Symbol.dispose]: () => void disposed.push(name) }
}

test('useAll: what has started is given back, and is disposed of by the stack, last first', async () => {
  const disposed: string[] = []
  {
    await using stack = new AsyncDisposableStack()
    const one = part('one', disposed)
    const [first, second] = await useAll(stack, [Promise.resolve(one), Promise.resolve(part('two', disposed))])
    assert.equal(first, one)
    assert.notEqual(second, one)
    assert.deepEqual(disposed, [])
  }
  assert.deepEqual(disposed, ['two', 'one'])
})

test('useAll: one fails → the others are waited for, and disposed of', async () => {
  const disposed: string[] = []
  const late = Promise.withResolvers<Disposable>()
  const failure = new Error('failed')
  const start = async () => {
    await using stack = new AsyncDisposableStack()
    await useAll(stack, [Promise.reject(failure), late.promise])
  }
  const starting = start()
  late.resolve(part('late', disposed))
  await assert.rejects(starting, error => error === failure)
  assert.deepEqual(disposed, ['late'])
})
