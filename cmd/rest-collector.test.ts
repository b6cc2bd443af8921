import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#base/clock.ts'
import { RestCollector } from './rest-collector.ts'

const megabyte = 2 ** 20

function collectorWith(usedMegabytes: number) {
  const clock = new VirtualClock()
  const memory = { used: usedMegabytes * megabyte, collections: 0 }
  const collector = new RestCollector({
    clock,
    usedBytes: () => memory.used,
    collect: () => {
      memory.collections++
      memory.used = 20 * megabyte
    },
  })
  return { clock, memory, collector }
}

test('garbage is collected once, two seconds after the last sign of work', async () => {
  const { clock, memory, collector } = collectorWith(60)
  for (let turn = 0; turn < 10; turn++) {
    collector.busy()
    await clock.advance(1_500)
  }
  assert.equal(memory.collections, 0)
  await clock.advance(500)
  assert.equal(memory.collections, 1)
  await clock.advance(3_600_000)
  assert.equal(memory.collections, 1)
  assert.equal(clock.waiting, 0)
})

test('garbage is collected again only when there is much, but not too much for a pause', async () => {
  const { clock, memory, collector } = collectorWith(60)
  for (const [used, want] of [
    [60, 1],
    [27, 1],
    [29, 2],
    [300, 2],
  ] as const) {
    memory.used = used * megabyte
    collector.busy()
    await clock.advance(2_000)
    assert.equal(memory.collections, want, `${used} MB`)
  }
})
