import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CRIError } from '../error.ts'
import { forever, TestNode } from './testing.ts'

describe('failing calls', () => {
  const targets: { target: object; failing: boolean[] }[] = [
    { target: {}, failing: [true, false, false] },
    { target: { nth: 2 }, failing: [false, true, false] },
    { target: { nth: 2, times: 2 }, failing: [false, true, true, false] },
    { target: { times: Number.POSITIVE_INFINITY }, failing: [true, true, true] },
  ]
  for (const { target, failing } of targets) {
    test(JSON.stringify(target), async () => {
      const node = new TestNode()
      node.runtime.faults.fail('version', new CRIError('Internal', 'broken'), target)
      const call = () =>
        node.runtime.version(forever).then(
          () => false,
          () => true,
        )
      const seen: boolean[] = []
      for (const _ of failing) seen.push(await call())
      assert.deepEqual(seen, failing)
      await node.runtime.listPodSandbox({}, forever)
    })
  }
})

test('a delayed call', async () => {
  const node = new TestNode({ latencyMs: { version: 10 } })
  node.runtime.faults.delay('version', 90)
  let done = false
  const call = node.runtime.version(forever).then(() => {
    done = true
  })
  await node.clock.advance(99)
  assert.equal(done, false)
  await node.clock.advance(1)
  await call
})

test('the event stream breaks; the next one begins anew', async () => {
  const node = new TestNode()
  await node.watch()
  node.runtime.faults.breakEvents()
  await node.sandbox()
  await node.watch()
  node.runtime.faults.dropEvents(1)
  await node.sandbox()
  await node.clock.advance(0)
  assert.deepEqual(node.events, ['rpc error: code = Unavailable desc = error reading from server: EOF', 'Started'])
})

test('kills', async () => {
  const node = new TestNode()
  const [first, second] = [await node.start({}), await node.start(({ untilStopped }) => untilStopped())]
  node.runtime.faults.killOutOfMemory(first.containerId)
  node.runtime.faults.kill(second.containerId)
  node.runtime.faults.killSandbox(second.podSandboxId)
  assert.deepEqual([await node.state(first.containerId), await node.state(second.containerId)], ['OOMKilled 137', 'Error 137'])
  assert.equal((await node.runtime.podSandboxStatus({ podSandboxId: second.podSandboxId }, forever)).status?.state, 1)
})

test('a runtime that restarts keeps its state; calls and streams break', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({ stopMs: Number.POSITIVE_INFINITY, exitAfterMs: 5_000 })
  await node.watch()
  const stopping = node.runtime.stopContainer({ containerId, timeout: 60n }, forever)
  await node.clock.advance(0)
  node.runtime.faults.stopRuntime()
  await assert.rejects(stopping, { code: 'Unavailable' })
  await assert.rejects(node.runtime.version(forever), /connection refused/)
  await assert.rejects(node.watch(), /connection refused/)
  await node.clock.advance(5_000)
  node.runtime.faults.startRuntime()
  assert.equal(await node.state(containerId), 'Completed 0')
  assert.deepEqual(node.events, ['rpc error: code = Unavailable desc = error reading from server: EOF'])
})

test('a runtime that hangs answers later', async () => {
  const node = new TestNode()
  await node.watch()
  const { containerId } = await node.start({ exitAfterMs: 1_000 })
  node.runtime.faults.hang()
  const caller = new AbortController()
  const left = node.runtime.version(caller.signal)
  const waiting = node.state(containerId)
  await node.clock.advance(1_000)
  caller.abort(new Error('tired'))
  await assert.rejects(left, /tired/)
  assert.equal(node.events.includes('Stopped'), false)
  node.runtime.faults.resume()
  assert.equal(await waiting, 'Completed 0')
  await node.clock.advance(0)
  assert.equal(node.events.at(-1), 'Stopped')
})

test('a node that loses power', async () => {
  const node = new TestNode()
  await node.watch()
  const { containerId, podSandboxId } = await node.start({ exitAfterMs: 1_000 })
  const program = await node.start(({ untilStopped }) => untilStopped())
  const address = { ip: await node.ipOf(podSandboxId), port: 80 }
  node.runtime.faults.stopNode()
  const waiting = node.runtime.version(forever)
  await node.clock.advance(60_000)
  assert.throws(() => node.environment.network.requireOpen(address), { code: 'EHOSTUNREACH' })
  node.runtime.faults.startNode()
  await assert.rejects(waiting, { code: 'Unavailable' })
  assert.equal(await node.state(containerId), 'Unknown 255')
  assert.equal(await node.state(program.containerId), 'Unknown 255')
  assert.equal((await node.runtime.podSandboxStatus({ podSandboxId }, forever)).status?.state, 1)
  assert.equal(node.events.at(-1), 'rpc error: code = Unavailable desc = error reading from server: EOF')
})

test('a node that loses power while a container has time to end: nobody is there to kill it', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({ stopMs: Number.POSITIVE_INFINITY })
  const stopping = node.runtime.stopContainer({ containerId, timeout: 5n }, forever)
  await node.clock.advance(0)
  assert.equal(node.clock.waiting, 1)
  node.runtime.faults.stopNode()
  assert.equal(node.clock.waiting, 0)
  await node.clock.advance(60_000)
  node.runtime.faults.startNode()
  await assert.rejects(stopping, { code: 'Unavailable' })
  assert.equal(await node.state(containerId), 'Unknown 255')
})

test('a disk that is full', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({ logs: ['before', { text: 'lost', afterMs: 10 }] })
  node.runtime.faults.setDiskFull(true)
  await node.clock.advance(10)
  for (const call of [node.sandbox(), node.create({}), node.runtime.pullImage({ image: { image: 'nginx' } }, forever)])
    await assert.rejects(call, /no space left on device/)
  const { imageFilesystems } = await node.runtime.imageFsInfo(forever)
  assert.equal(imageFilesystems[0]?.usedBytes?.value, 100n * 2n ** 30n)
  assert.deepEqual(await node.log(containerId), ['stdout F before'])
  node.runtime.faults.setDiskFull(false)
  await node.sandbox()
})

test('clear: whatever was wrong, everything works again', async () => {
  const node = new TestNode()
  const { faults } = node.runtime
  faults.fail('version', new Error('no'), { times: Number.POSITIVE_INFINITY })
  faults.delay('status', 1_000, { times: Number.POSITIVE_INFINITY })
  faults.setDiskFull(true)
  faults.slowDisk(1_000)
  faults.partition()
  faults.stopRuntime()
  faults.hang()
  faults.stopNode()
  faults.clear()
  await node.runtime.version(forever)
  await node.runtime.status({}, forever)
  const { containerId } = await node.start({})
  assert.equal(await node.state(containerId), 'running')
  assert.equal(node.clock.waiting, 0)
})

test('a slow disk: calls that write to it take longer', async () => {
  const node = new TestNode()
  node.runtime.faults.slowDisk(1_000)
  let done = false
  const call = node.sandbox().then(() => (done = true))
  await node.runtime.version(forever)
  await node.clock.advance(999)
  assert.equal(done, false)
  await node.clock.advance(1)
  await call
})
