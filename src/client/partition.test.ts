import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer, widgetsPath } from '#apiserver/testing/test-server.ts'
import { newWidget } from '#apiserver/testing/widget.ts'
import { singly } from '#base/testing/singly.ts'
import { Partition, PartitionedTransport } from './partition.ts'

const never = new AbortController().signal
const lost = { name: 'ConnectionLostError' }

test('a transport over a network that is cut: no answer, also to what is under way; watches break; healed, all goes on', async () => {
  await using server = await startTestServer()
  const partition = new Partition()
  const transport = new PartitionedTransport(server.transport, partition)
  const create = (name: string) => transport.request({ method: 'POST', path: widgetsPath, body: newWidget(name) }, never)
  const watch = () => transport.watch({ method: 'GET', path: `${widgetsPath}?watch=1` }, never)
  await create('a')
  const watching = watch()
  await watching.next()
  const underWay = create('b')
  partition.cut()
  partition.cut()
  await assert.rejects(underWay, lost)
  await assert.rejects(watching.next(), lost)
  await assert.rejects(create('c'), lost)
  await assert.rejects(watch().next(), lost)
  partition.heal()
  const names: string[] = []
  for await (const { object } of singly(watch())) if (names.push((object as { metadata: { name: string } }).metadata.name) === 2) break
  // The server did what it was asked before.
  assert.deepEqual(names, ['a', 'b'])
})
