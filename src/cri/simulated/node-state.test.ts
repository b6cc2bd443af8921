import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VirtualClock } from '#base/clock.ts'
import { SeededRandom } from '#base/random.ts'
import { simulatedEnvironment } from './environment.ts'
import { SimulatedRuntime } from './runtime.ts'
import { forever, TestNode } from './testing.ts'

function forkOf(node: TestNode): { clock: VirtualClock; runtime: SimulatedRuntime; stateOf: (id: string) => Promise<string> } {
  const clock = node.clock.copy()
  const environment = simulatedEnvironment({ clock, images: node.images, logs: node.logs.fork() })
  const runtime = new SimulatedRuntime({ environment, random: new SeededRandom(2) }, node.runtime.state)
  const stateOf = async (containerId: string) => {
    const { state, reason, exitCode } = (await runtime.containerStatus({ containerId }, forever)).status!
    return state === 2 ? `${reason} ${exitCode}` : 'running'
  }
  return { clock, runtime, stateOf }
}

test('a fork has the same state and goes its own way', async () => {
  const node = new TestNode()
  const idle = await node.start({})
  const ending = await node.start({ exitAfterMs: 1_000, exitCode: 2 })
  await node.clock.advance(600)
  const { clock, runtime, stateOf } = forkOf(node)
  const list = async (of: SimulatedRuntime) => [
    await of.listPodSandbox({}, forever),
    await of.listContainers({}, forever),
    await of.listImages({}, forever),
  ]
  assert.deepEqual(await list(runtime), await list(node.runtime))

  await runtime.stopContainer({ containerId: idle.containerId, timeout: 30n }, forever)
  assert.deepEqual([await stateOf(idle.containerId), await node.state(idle.containerId)], ['Completed 0', 'running'])

  await clock.advance(399)
  assert.equal(await stateOf(ending.containerId), 'running')
  await clock.advance(1)
  assert.deepEqual([await stateOf(ending.containerId), await node.state(ending.containerId)], ['Error 2', 'running'])

  await runtime.removePodSandbox({ podSandboxId: idle.podSandboxId }, forever)
  node.environment.network.requireOpen({ ip: await node.ipOf(idle.podSandboxId), port: 80 })
})

test('lines that repeat keep their rhythm in a fork', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({ logs: ['once', { text: 'tick', everyMs: 1_000, afterMs: 500 }] })
  await node.clock.advance(1_700)
  const clock = node.clock.copy()
  const logs = node.logs.fork()
  const environment = simulatedEnvironment({ clock, images: node.images, logs })
  const runtime = new SimulatedRuntime({ environment, random: new SeededRandom(2) }, node.runtime.state)
  const { logPath } = (await runtime.containerStatus({ containerId }, forever)).status!
  const lines = () =>
    logs
      .read(logPath, 0, logs.extent(logPath).end)
      .toString()
      .split('\n')
      .slice(0, -1)
      .map(line => line.replace(/^\S+ /, ''))
  await clock.advance(799)
  assert.deepEqual(lines(), ['stdout F once', 'stdout F tick', 'stdout F tick'])
  await clock.advance(1)
  assert.deepEqual(lines(), ['stdout F once', 'stdout F tick', 'stdout F tick', 'stdout F tick'])
  assert.equal((await node.log(containerId)).length, 3)
})

test('a function begins anew in a fork', async () => {
  const node = new TestNode()
  let runs = 0
  const { containerId } = await node.start(async ({ untilStopped }) => {
    runs++
    await untilStopped()
    return 4
  })
  const { clock, runtime, stateOf } = forkOf(node)
  await clock.advance(0)
  assert.equal(runs, 2)
  await runtime.stopContainer({ containerId, timeout: 1n }, forever)
  assert.deepEqual([await stateOf(containerId), await node.state(containerId)], ['Error 4', 'running'])
})

test('a fork that is closed in the grace period of a container leaves no timer', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({ stopMs: Number.POSITIVE_INFINITY })
  node.runtime.stopContainer({ containerId, timeout: 30n }, forever).catch(() => {})
  await node.clock.advance(0)
  const { clock, runtime } = forkOf(node)
  assert.equal(clock.waiting, 1)
  runtime[Symbol.dispose]()
  assert.equal(clock.waiting, 0)
})

test('a container in its grace period ends in time in a fork; who stops it again there, and gives up, takes that back', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({ stopMs: Number.POSITIVE_INFINITY })
  node.runtime.stopContainer({ containerId, timeout: 30n }, forever).catch(() => {})
  await node.clock.advance(10_000)
  for (const givesUp of [false, true]) {
    const { clock, runtime, stateOf } = forkOf(node)
    const stop = new AbortController()
    runtime.stopContainer({ containerId, timeout: 30n }, stop.signal).catch(() => {})
    await clock.advance(19_999)
    assert.equal(await stateOf(containerId), 'running')
    if (givesUp) stop.abort()
    await clock.advance(1)
    assert.equal(await stateOf(containerId), givesUp ? 'running' : 'Error 137')
    assert.equal(clock.waiting, 0)
  }
})
