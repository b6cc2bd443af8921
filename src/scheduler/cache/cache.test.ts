import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { podInfoOf } from '../framework/pod-info.ts'
import { SchedulerCache } from './cache.ts'

const node = (name: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: {},
  status: { allocatable: { cpu: '8', memory: '8Gi', pods: '110' } },
})

function pod(name: string, { nodeName, cpu = '1', generation = 1 }: { nodeName?: string; cpu?: string; generation?: number } = {}): Pod {
  const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu } }, ports: [{ containerPort: 80, hostPort: 80 }] }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid: name, generation }, spec: { containers, nodeName } }
}

function cacheOf(...names: string[]): SchedulerCache {
  const cache = new SchedulerCache()
  for (const name of names) cache.setNode(node(name))
  return cache
}

const usedOf = (cache: SchedulerCache, name: string) => cache.nodeOf(name)?.requested.milliCPU ?? 0

test('an assumed pod counts until it is forgotten; forgetting twice makes no room twice', () => {
  const cache = cacheOf('one')
  cache.assumePod(podInfoOf(pod('a')), 'one')
  assert.equal(usedOf(cache, 'one'), 1_000)
  assert.deepEqual([cache.forgetPod('a'), cache.forgetPod('a')], [true, false])
  assert.equal(usedOf(cache, 'one'), 0)
})

test('a binding whose failure comes after the watch has shown where the pod is: it stays there', () => {
  const cache = cacheOf('one', 'two')
  cache.assumePod(podInfoOf(pod('a')), 'one')
  assert.equal(cache.setBoundPod(pod('a', { nodeName: 'two' })), true)
  assert.equal(cache.forgetPod('a'), false)
  assert.deepEqual([usedOf(cache, 'one'), usedOf(cache, 'two')], [0, 1_000])
})

test('a bound pod that asks for less makes room, one that asks for more or changes otherwise does not', () => {
  const cache = cacheOf('one')
  assert.equal(cache.setBoundPod(pod('a', { nodeName: 'one', cpu: '2' })), false)
  assert.equal(cache.setBoundPod(pod('a', { nodeName: 'one', cpu: '3', generation: 2 })), false)
  assert.equal(usedOf(cache, 'one'), 3_000)
  assert.equal(cache.setBoundPod(pod('a', { nodeName: 'one', cpu: '1', generation: 3 })), true)
  assert.equal(usedOf(cache, 'one'), 1_000)
})

test('pods of a node that is not known yet, or not any more, count as soon as it is', () => {
  const cache = new SchedulerCache()
  cache.setBoundPod(pod('a', { nodeName: 'one' }))
  assert.deepEqual(cache.nodes, [])
  cache.setNode(node('one'))
  assert.equal(usedOf(cache, 'one'), 1_000)
  cache.removeNode('one')
  assert.deepEqual(cache.nodes, [])
  cache.setNode(node('one'))
  assert.equal(usedOf(cache, 'one'), 1_000)
  cache.removeNode('one')
  cache.removePod('a')
  assert.equal(cache.nodeOf('one'), undefined)
})

test('whatever happens in whatever order, the sums are those of the pods that count', () => {
  const names = ['one', 'two']
  const step = fc.record({
    action: fc.constantFrom('assume', 'forget', 'bind', 'remove', 'addNode', 'removeNode'),
    pod: fc.constantFrom('a', 'b', 'c'),
    node: fc.constantFrom(...names),
    cpu: fc.constantFrom('1', '2'),
    generation: fc.integer({ min: 1, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const cache = cacheOf(...names)
      for (const { action, pod: name, node: nodeName, cpu, generation } of steps) {
        if (action === 'assume') cache.assumePod(podInfoOf(pod(name, { cpu, generation })), nodeName)
        else if (action === 'forget') cache.forgetPod(name)
        else if (action === 'bind') cache.setBoundPod(pod(name, { nodeName, cpu, generation }))
        else if (action === 'remove') cache.removePod(name)
        else if (action === 'addNode') cache.setNode(node(nodeName))
        else cache.removeNode(nodeName)
      }
      const seen = new Set<string>()
      for (const name of names) {
        const info = cache.nodeOf(name)
        const pods = [...(info?.pods.values() ?? [])]
        assert.equal(
          info?.requested.milliCPU ?? 0,
          pods.reduce((sum, { requests }) => sum + requests.milliCPU, 0),
        )
        assert.equal(info?.requested.pods ?? 0, pods.length)
        assert.equal(info?.hasHostPortConflict(podInfoOf(pod('x')).hostPorts) ?? false, pods.length > 0)
        for (const { uid } of pods) {
          assert.ok(!seen.has(uid), 'a pod counts on one node only')
          seen.add(uid)
        }
      }
    }),
  )
})

test('a copy counts what the API has shown, not what is only assumed', () => {
  const cache = cacheOf('one')
  cache.setBoundPod(pod('bound', { nodeName: 'one' }))
  cache.assumePod(podInfoOf(pod('assumed')), 'one')
  assert.deepEqual([usedOf(cache, 'one'), usedOf(new SchedulerCache(cache.state), 'one')], [2_000, 1_000])
  cache.setBoundPod(pod('assumed', { nodeName: 'one' }))
  assert.equal(usedOf(new SchedulerCache(cache.state), 'one'), 2_000)
})
