import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { Informer, InformerEvent, InformerHandler } from './informer.ts'
import { InformerParts } from './informer-parts.ts'
import { Partition } from './partition.ts'

interface Pod extends KubeObject {
  node: string
}

const pod = (name: string, node: string): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, node })

function world() {
  let tell: InformerHandler<Pod> = () => assert.fail('nobody listens')
  const informer = { onChange: (handler: InformerHandler<Pod>) => (tell = handler), synced: Promise.resolve(), hasSynced: true }
  const parts = new InformerParts<Pod>(informer as unknown as Informer<Pod>, ({ node }) => node)
  const heard: string[] = []
  const listen = (node: string) => parts.of(node).onChange(({ type, object }) => heard.push(`${node}: ${type} ${object.metadata.name}`))
  return { parts, heard, listen, tell: (event: InformerEvent<Pod>) => tell(event) }
}

test('a reader hears of its own objects only', () => {
  const { parts, heard, listen, tell } = world()
  listen('a')
  const listening = listen('b')
  tell({ type: 'add', object: pod('waiting', '') })
  tell({ type: 'add', object: pod('one', 'a') })
  tell({ type: 'update', old: pod('waiting', ''), object: pod('waiting', 'b') })
  tell({ type: 'update', old: pod('one', 'a'), object: pod('one', 'a') })
  listening[Symbol.dispose]()
  tell({ type: 'delete', object: pod('waiting', 'b') })
  assert.deepEqual(heard, ['a: add one', 'b: add waiting', 'a: update one'])
  assert.deepEqual(
    parts
      .of('a')
      .list()
      .map(({ metadata }) => metadata.name),
    ['one'],
  )
  assert.deepEqual(parts.of('b').list(), [])
})

test('who comes late hears what is there, and an object that moves goes from one to the other', () => {
  const { parts, heard, listen, tell } = world()
  tell({ type: 'add', object: pod('one', 'a') })
  listen('a')
  listen('b')
  tell({ type: 'update', old: pod('one', 'a'), object: pod('one', 'b') })
  assert.deepEqual(heard, ['a: add one', 'a: delete one', 'b: add one'])
  assert.equal(parts.of('b').get('one')?.node, 'b')
})

test('a reader that is cut off knows what it knew; healed, it hears what changed meanwhile', async () => {
  const { parts, heard, tell } = world()
  const named = (name: string, uid: string) => ({ ...pod(name, 'a'), metadata: { name, uid } })
  const kept = named('kept', '1')
  for (const object of [kept, named('changed', '2'), named('gone', '3'), named('replaced', '4')]) tell({ type: 'add', object })
  const partition = new Partition()
  const source = parts.of('a', partition)
  source.onChange(({ type, object }) => heard.push(`${type} ${object.metadata.name}`))
  assert.deepEqual(heard.splice(0), ['add kept', 'add changed', 'add gone', 'add replaced'])
  partition.cut()
  tell({ type: 'update', old: source.get('changed')!, object: named('changed', '2') })
  tell({ type: 'delete', object: source.get('gone')! })
  tell({ type: 'delete', object: source.get('replaced')! })
  tell({ type: 'add', object: named('replaced', '5') })
  tell({ type: 'add', object: named('new', '6') })
  assert.deepEqual([heard, source.list().length, source.hasSynced, source.get('replaced')?.metadata.uid], [[], 4, true, '4'])
  const late = parts.of('a', partition)
  let isSynced = false
  const synced = late.synced.then(() => (isSynced = true))
  await Promise.resolve()
  assert.deepEqual([isSynced, late.hasSynced], [false, false])
  const lateHeard: string[] = []
  const listening = late.onChange(({ object }) => lateHeard.push(object.metadata.name))
  assert.deepEqual([lateHeard, late.list()], [[], []])
  listening[Symbol.dispose]()
  partition.heal()
  await synced
  assert.deepEqual(heard, ['delete gone', 'delete replaced', 'update changed', 'add replaced', 'add new'])
  assert.deepEqual([lateHeard, late.list().length], [[], 4])
  tell({ type: 'delete', object: kept })
  assert.equal(heard.at(-1), 'delete kept')
})

test('who knows what is there hears of changes only, with a network that can be cut as without one', () => {
  const { parts, heard, tell } = world()
  const one = pod('one', 'a')
  tell({ type: 'add', object: one })
  const know = (partition?: Partition) =>
    parts.of('a', partition).onChange(({ type, object }) => heard.push(`${type} ${object.metadata.name}`), { isKnown: true })
  know()
  know(new Partition())
  assert.deepEqual(heard, [])
  tell({ type: 'update', old: one, object: pod('one', 'a') })
  assert.deepEqual(heard, ['update one', 'update one'])
})
