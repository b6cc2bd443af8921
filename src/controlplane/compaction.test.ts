import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import { type Logger, silentLogger } from '#base/log.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import { StorageError } from '#storage/storage.ts'
import { Compaction } from './compaction.ts'

const intervalMs = 5 * 60_000

async function start(storage: MemoryStorage, options: { historyMs?: number } = {}) {
  const clock = new VirtualClock()
  const warnings: string[] = []
  const log: Logger = { ...silentLogger, warn: sentence => warnings.push(sentence) }
  const group = new Group(new AbortController().signal)
  group.spawn(signal => new Compaction({ storage, clock, log, ...options }).run(signal))
  const write = async (count: number) => {
    for (let index = 0; index < count; index++) {
      await storage.commit({ key: `/${storage.revision}`, expectedRevision: 0, value: Buffer.from('x') })
    }
  }
  return { clock, warnings, write, [Symbol.asyncDispose]: () => group[Symbol.asyncDispose]() }
}

test('compaction: what is older than one to two intervals is forgotten; nothing new is nothing to do', async () => {
  const storage = new MemoryStorage()
  await using running = await start(storage)
  await running.write(10)
  await running.clock.advance(intervalMs)
  assert.equal(storage.compactedRevision, 0)
  await running.write(5)
  await running.clock.advance(intervalMs)
  assert.equal(storage.compactedRevision, 10)
  for (let round = 0; round < 3; round++) await running.clock.advance(intervalMs)
  assert.equal(storage.compactedRevision, 15)
  assert.deepEqual(running.warnings, [])
})

test('compaction: one that fails is told, and tried again with the next', async () => {
  class FailingOnce extends MemoryStorage {
    #isFailing = true

    override async compact(beforeRevision: number): Promise<void> {
      if (!this.#isFailing) return super.compact(beforeRevision)
      this.#isFailing = false
      throw new StorageError('Failed', 'no space left on device')
    }
  }
  const storage = new FailingOnce()
  await using running = await start(storage)
  await running.write(10)
  await running.clock.advance(intervalMs)
  await running.clock.advance(intervalMs)
  assert.deepEqual(running.warnings, ['cannot compact the storage'])
  assert.equal(storage.compactedRevision, 10)
})

test('compaction: stopped, no timer is left', async () => {
  const running = await start(new MemoryStorage())
  await running.clock.advance(1)
  await running[Symbol.asyncDispose]()
  assert.equal(running.clock.waiting, 0)
})

test('compaction: a longer history is kept as long as was asked for', async () => {
  const storage = new MemoryStorage()
  await using running = await start(storage, { historyMs: 2 * intervalMs })
  const compacted: number[] = []
  for (let round = 0; round < 5; round++) {
    await running.write(10)
    await running.clock.advance(intervalMs)
    compacted.push(storage.compactedRevision)
  }
  assert.deepEqual(compacted, [0, 0, 10, 20, 30])
})

test('compaction: an infinite history is never forgotten, and needs no timer', async () => {
  const storage = new MemoryStorage()
  await using running = await start(storage, { historyMs: Number.POSITIVE_INFINITY })
  await running.write(10)
  await running.clock.advance(10 * intervalMs)
  assert.deepEqual([storage.compactedRevision, running.clock.waiting], [0, 0])
})
