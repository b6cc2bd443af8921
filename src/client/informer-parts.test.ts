import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { Informer, InformerEvent, InformerHandler } from './informer.ts'
import { InformerParts } from './informer-parts.ts'

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
