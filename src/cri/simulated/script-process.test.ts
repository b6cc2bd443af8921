import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ContainerConfigInit } from '../cri.ts'
import type { ImageScript } from './image.ts'
import { forever, TestNode } from './testing.ts'

describe('the life that a script describes', () => {
  const lives: { name: string; script: ImageScript; config?: ContainerConfigInit; states: Record<number, string> }[] = [
    { name: 'nothing said', script: {}, states: { 0: 'running', 86_400_000: 'running' } },
    { name: 'an end', script: { exitAfterMs: 500 }, states: { 499: 'running', 500: 'Completed 0' } },
    { name: 'an end with a code', script: { exitAfterMs: 500, exitCode: 4 }, states: { 499: 'running', 500: 'Error 4' } },
    { name: 'a crash at once', script: { crash: 2 }, states: { 0: 'Error 1' } },
    { name: 'a crash later', script: { crash: 2, exitAfterMs: 50, exitCode: 9 }, states: { 49: 'running', 50: 'Error 9' } },
    { name: 'the last crash', script: { crash: 2 }, config: { metadata: { name: 'main', attempt: 1 } }, states: { 0: 'Error 1' } },
    {
      name: 'the run after the crashes',
      script: { crash: 2, exitAfterMs: 50 },
      config: { metadata: { name: 'main', attempt: 2 } },
      states: { 100: 'running' },
    },
    { name: 'memory within the limit', script: { memory: '64Mi' }, config: limit(64 * 2 ** 20), states: { 0: 'running' } },
    { name: 'memory over the limit', script: { memory: '65Mi' }, config: limit(64 * 2 ** 20), states: { 0: 'OOMKilled 137' } },
  ]
  for (const { name, script, config, states } of lives) {
    test(name, async () => {
      const node = new TestNode()
      const { containerId } = await node.start(script, config)
      for (const [atMs, state] of Object.entries(states)) {
        await node.clock.advance(Number(atMs) - node.clock.monotonicMs())
        assert.equal(await node.state(containerId), state, `after ${atMs} ms`)
      }
    })
  }
})

describe('stopping', () => {
  const stops: { name: string; script: ImageScript; graceSeconds: number; state: string; tookMs: number }[] = [
    { name: 'a well-behaved program', script: {}, graceSeconds: 30, state: 'Completed 0', tookMs: 0 },
    { name: 'with a code of its own', script: { stopExitCode: 143 }, graceSeconds: 30, state: 'Error 143', tookMs: 0 },
    { name: 'one that takes its time', script: { stopMs: 4_000 }, graceSeconds: 30, state: 'Completed 0', tookMs: 4_000 },
    { name: 'one that takes too long', script: { stopMs: 4_000 }, graceSeconds: 2, state: 'Error 137', tookMs: 2_000 },
    {
      name: 'one that ignores the signal',
      script: { stopMs: Number.POSITIVE_INFINITY },
      graceSeconds: 30,
      state: 'Error 137',
      tookMs: 30_000,
    },
    { name: 'without grace', script: {}, graceSeconds: 0, state: 'Error 137', tookMs: 0 },
  ]
  for (const { name, script, graceSeconds, state, tookMs } of stops) {
    test(name, async () => {
      const node = new TestNode()
      const { containerId } = await node.start(script)
      await node.stop(containerId, graceSeconds)
      assert.equal(await node.state(containerId), state)
      const { startedAt, finishedAt } = await node.status(containerId)
      assert.equal(Number((finishedAt - startedAt) / 1_000n) / 1_000, tookMs === 0 ? 0 : tookMs - 0.001)
      assert.equal(node.clock.waiting, 0, 'no timer is left')
    })
  }

  test('a second call with less grace ends it sooner', async () => {
    const node = new TestNode()
    const { containerId } = await node.start({ stopMs: Number.POSITIVE_INFINITY })
    const first = node.runtime.stopContainer({ containerId, timeout: 60n }, forever)
    await node.clock.advance(1_000)
    await node.runtime.stopContainer({ containerId, timeout: 0n }, forever)
    await first
    assert.equal(await node.state(containerId), 'Error 137')
  })

  test('a caller that leaves does not kill', async () => {
    const node = new TestNode()
    const { containerId } = await node.start({ stopMs: Number.POSITIVE_INFINITY })
    const caller = new AbortController()
    const stopping = node.runtime.stopContainer({ containerId, timeout: 5n }, caller.signal)
    caller.abort(new Error('restarted'))
    await assert.rejects(stopping, /restarted/)
    await node.clock.advance(10_000)
    assert.equal(await node.state(containerId), 'running')
  })
})

test('the start takes as long as the script says', async () => {
  const node = new TestNode()
  const { containerId } = await node.create({ startMs: 300 })
  const starting = node.runtime.startContainer({ containerId }, forever)
  await node.clock.advance(299)
  assert.equal(await node.state(containerId), 'created')
  await node.clock.advance(1)
  await starting
  assert.equal(await node.state(containerId), 'running')
})

test('a start that cannot be', async () => {
  const node = new TestNode()
  const { containerId } = await node.create({ startError: 'exec: "/app": permission denied' })
  await assert.rejects(node.runtime.startContainer({ containerId }, forever), /permission denied: unknown$/)
  assert.equal(await node.state(containerId), 'StartError 128')
  assert.match((await node.status(containerId)).message, /^failed to create containerd task: .*permission denied: unknown$/)
})

test('log lines come at their time', async () => {
  const node = new TestNode()
  const logs = ['first', { text: 'later', afterMs: 1_000 }, { text: 'again', everyMs: 600, stream: 'stderr' as const }]
  const { containerId } = await node.start({ logs, exitAfterMs: 1_500 })
  assert.deepEqual(await node.log(containerId), ['stdout F first', 'stderr F again'])
  await node.clock.advance(5_000)
  assert.deepEqual(await node.log(containerId), ['stdout F first', 'stderr F again', 'stderr F again', 'stdout F later', 'stderr F again'])
})

test('the termination message is there when the container has ended', async () => {
  const node = new TestNode()
  const mounts = [{ hostPath: '/kubelet/message', containerPath: '/dev/termination-log' }]
  const { containerId } = await node.start({ exitAfterMs: 10, exitCode: 1, terminationMessage: 'no config' }, { mounts })
  await node.clock.advance(10)
  assert.equal(await node.state(containerId), 'Error 1')
  assert.equal(String(node.files.get('/kubelet/message')), 'no config')
})

test('idle containers cost no timer; a node that is taken away leaves none', async () => {
  const node = new TestNode()
  for (const script of [{}, { http: { '/': 'hello' }, readyAfterMs: 5_000, stopMs: 100 }]) await node.start(script)
  assert.equal(node.clock.waiting, 0)
  await node.start({ exitAfterMs: 1_000, logs: [{ text: 'tick', everyMs: 10 }] })
  assert.equal(node.clock.waiting, 2)
  node.runtime[Symbol.dispose]()
  assert.equal(node.clock.waiting, 0)
})

test('less memory than in use ends a running container', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({ memory: '64Mi' })
  await node.runtime.updateContainerResources({ containerId, linux: { memoryLimitInBytes: 2n ** 20n } }, forever)
  await node.clock.advance(0)
  assert.equal(await node.state(containerId), 'OOMKilled 137')
})

const mistakes: [script: ImageScript, message: RegExp][] = [
  [{ exitAfterMs: -1 }, /exitAfterMs must be a number from 0 on, not -1/],
  [{ exitCode: 256 }, /exitCode must be a whole number from 0 to 255, not 256/],
  [{ memory: 'lots' }, /"lots" is no amount/],
]
for (const [script, message] of mistakes)
  test(`a script that makes no sense: ${JSON.stringify(script)}`, () =>
    assert.throws(() => new TestNode().images.define('x', script), message))

function limit(bytes: number): ContainerConfigInit {
  return { linux: { resources: { memoryLimitInBytes: BigInt(bytes) } } }
}
