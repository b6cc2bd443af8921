import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { isLocked, lock, type MachineLock, tryLock, untilUnlocked } from './machine-lock.ts'

const { signal } = new AbortController()

async function taken(name: string): Promise<MachineLock> {
  const outcome = await tryLock(name)
  assert.ok('lock' in outcome)
  return outcome.lock
}

test('a lock is held once: the second one learns by whom', async () => {
  const name = randomUUID()
  using _ = await taken(name)
  assert.deepEqual(await tryLock(name), { holder: { pid: process.pid } })
})

test('whether a lock is held can be asked without taking it', async () => {
  const name = randomUUID()
  assert.equal(await isLocked(name), false)
  const asking = isLocked(name)
  using _ = await taken(name)
  assert.deepEqual([await asking, await isLocked(name)], [false, true])
})

test('locks of different names know nothing of each other', async () => {
  using _one = await taken(randomUUID())
  using _two = await taken(randomUUID())
})

test('a lock given back can be taken again', async () => {
  const name = randomUUID()
  ;(await taken(name))[Symbol.dispose]()
  using _ = await taken(name)
})

test('who waits for a lock gets it when it is given back', async () => {
  const name = randomUUID()
  const first = await taken(name)
  const waiting = lock(name, signal)
  const unlocked = untilUnlocked(name, signal)
  // Both have connected when a third one has.
  await tryLock(name)
  first[Symbol.dispose]()
  await unlocked
  ;(await waiting)[Symbol.dispose]()
})

test('waiting for a lock ends with the signal', async () => {
  const name = randomUUID()
  using _ = await taken(name)
  const controller = new AbortController()
  const waiting = lock(name, controller.signal)
  controller.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
})

test('nobody holds it: waiting for that is no waiting', () => untilUnlocked(randomUUID(), signal))

test('a process that is killed gives its lock back', async () => {
  const name = randomUUID()
  const file = join(import.meta.dirname, 'machine-lock.ts')
  const script = `const { lock } = await import(${JSON.stringify(file)}); await lock(${JSON.stringify(name)}, new AbortController().signal); console.log('held'); setInterval(() => {}, 1e6)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  assert.deepEqual(await tryLock(name), { holder: { pid: child.pid } })
  const waiting = lock(name, signal)
  child.kill('SIGKILL')
  ;(await waiting)[Symbol.dispose]()
})
