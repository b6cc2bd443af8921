import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isExpired, StatusError } from '#apimachinery/status/status.ts'
import { VirtualClock } from '#base/clock.ts'
import { oldestState, pastPath, stateAt } from '#client/past.ts'
import { startTestServer, widgetsPath } from '../testing/test-server.ts'
import { newWidget } from '../testing/widget.ts'

const beginMs = Date.UTC(2026, 0, 1)
const { signal } = new AbortController()

/** Writes at 10 s, 20 s and 30 s: revisions 1, 2 and 3. It is 40 s now. */
async function start() {
  const clock = new VirtualClock(beginMs)
  const server = await startTestServer({ clock })
  for (const name of ['a', 'b', 'c']) {
    await clock.advance(10_000)
    await server.call('POST', widgetsPath, newWidget(name, {}))
  }
  await clock.advance(10_000)
  const at = async (seconds: number) => (await stateAt(server.transport, { timeMs: beginMs + seconds * 1_000 }, signal)).resourceVersion
  return { ...server, at }
}

const refusal = (pattern: RegExp) => (error: unknown) => isExpired(error) && pattern.test((error as StatusError).message)

test('past: the state that was the newest at a time', async () => {
  await using server = await start()
  assert.deepEqual(await Promise.all([10, 19.999, 20, 30, 40].map(server.at)), ['1', '1', '2', '3', '3'])
})

test('past: how long ago, by the clock of the cluster', async () => {
  await using server = await start()
  const ago = async (seconds: number) => (await stateAt(server.transport, { agoMs: seconds * 1_000 }, signal)).resourceVersion
  assert.deepEqual(await Promise.all([0, 10.5, 30].map(ago)), ['3', '2', '1'])
  await assert.rejects(ago(31), isExpired)
})

test('past: before the first write there is no state', async () => {
  await using server = await start()
  await assert.rejects(
    server.at(9),
    refusal(/^the state of 2026-01-01T00:00:09.000Z is not stored; the oldest is that of 2026-01-01T00:00:10.000Z$/),
  )
})

test('past: what the storage has forgotten → 410, with the oldest time that it has', async () => {
  await using server = await start()
  await server.storage.compact(2)
  await assert.rejects(server.at(19), refusal(/is not stored; the oldest is that of 2026-01-01T00:00:20.000Z$/))
  assert.equal(await server.at(20), '2')
  assert.deepEqual(await oldestState(server.transport, signal), { resourceVersion: '2', time: '2026-01-01T00:00:20.000Z' })
})

test('past: the future, and what is no time, are refused', async () => {
  await using server = await start()
  const isBadRequest = (error: unknown) => error instanceof StatusError && error.code === 400
  await assert.rejects(server.at(41), isBadRequest)
  await assert.rejects(server.call('GET', `${pastPath}?time=yesterday`), isBadRequest)
})

test('past: a server that has written nothing knows of none', async () => {
  await using server = await startTestServer()
  await assert.rejects(oldestState(server.transport, signal), refusal(/^nothing is known of the past$/))
})
