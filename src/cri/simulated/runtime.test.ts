import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '#base/random.ts'
import { forever, TestNode } from './testing.ts'

test('one seed gives one trace', async () => {
  const trace = async () => {
    const node = new TestNode({ random: new SeededRandom(7) })
    await node.watch()
    const ids = [await node.start({ exitAfterMs: 5 }), await node.start({})]
    await node.clock.advance(10)
    return [ids, node.events, (await node.status(ids[0]!.containerId)).finishedAt]
  }
  assert.deepEqual(await trace(), await trace())
})

test('names that a runtime knows', async () => {
  const node = new TestNode({ runtimeHandlers: ['gvisor'] })
  const config = { metadata: { name: 'a', namespace: 'b', uid: 'c', attempt: 0 } }
  const { podSandboxId } = await node.runtime.runPodSandbox({ config, runtimeHandler: 'gvisor' }, forever)
  assert.equal((await node.runtime.podSandboxStatus({ podSandboxId: podSandboxId.slice(0, 12) }, forever)).status?.runtimeHandler, 'gvisor')
  assert.deepEqual(
    (await node.runtime.status({}, forever)).runtimeHandlers.map(({ name }) => name),
    ['', 'gvisor'],
  )
})

test('removing a container leaves nothing of its log', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({ logs: ['line'] })
  const { logPath } = await node.status(containerId)
  assert.equal(logPath, '/logs/pod-1/main.log')
  await node.runtime.removeContainer({ containerId }, forever)
  assert.deepEqual(node.logs.extent(logPath), { start: 0, end: 0 })
})

test('the images of nodes are their own', async () => {
  const node = new TestNode()
  const { containerId, podSandboxId } = await node.start({})
  const { image } = await node.status(containerId)
  await node.runtime.removeImage({ image: { image: image!.image } }, forever)
  assert.equal(await node.state(containerId), 'running')
  const again = node.runtime.createContainer({ podSandboxId, config: { metadata: { name: 'b' }, image: { image: image!.image } } }, forever)
  await assert.rejects(again, { code: 'NotFound' })
})
