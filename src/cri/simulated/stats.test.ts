import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forever, TestNode } from './testing.ts'

test('what a container uses', async () => {
  const node = new TestNode()
  const { containerId, podSandboxId } = await node.start(
    { cpu: '500m', memory: '64Mi' },
    { linux: { resources: { memoryLimitInBytes: 2n ** 27n } } },
  )
  await node.clock.advance(10_000)
  const { stats } = await node.runtime.containerStats({ containerId }, forever)
  const { cpu, memory } = stats!
  assert.deepEqual(
    [cpu?.usageCoreNanoSeconds?.value, cpu?.usageNanoCores?.value, memory?.workingSetBytes?.value, memory?.availableBytes?.value],
    [5_000_000_000n, 500_000_000n, 2n ** 26n, 2n ** 26n],
  )
  const pod = (await node.runtime.podSandboxStats({ podSandboxId }, forever)).stats!
  assert.deepEqual(
    [pod.attributes?.metadata?.uid, pod.linux?.memory?.workingSetBytes?.value, pod.linux?.containers.length],
    ['uid-1', 2n ** 26n, 1],
  )
})

test('a program says what it uses; a container that has ended uses nothing', async () => {
  const node = new TestNode()
  const { containerId } = await node.start(async context => {
    context.useCPU(2)
    context.useMemory(1_000)
    await context.untilStopped()
  })
  const read = async () => (await node.runtime.listContainerStats({ filter: { id: containerId } }, forever)).stats[0]
  assert.deepEqual([(await read())?.cpu?.usageNanoCores?.value, (await read())?.memory?.usageBytes?.value], [2_000_000_000n, 1_000n])
  await node.stop(containerId, 1)
  assert.deepEqual([(await read())?.cpu, (await read())?.memory], [undefined, undefined])
})
