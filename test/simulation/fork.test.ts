/** Clusters that are forked, and set back to what they were. */
import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { type Cluster, startCluster } from '#cluster/index.ts'
import { podOf } from './pod-of.ts'
import { firstDifference, traceOf } from './trace.ts'

const refOf = ({ metadata }: Pod) => ({ apiVersion: 'v1', kind: 'Pod', name: metadata.name }) as const

test('a fork writes what the original writes: crash loops, probes, grace periods, a stopped node, an hour of it', async () => {
  await using cluster = await startCluster({ nodes: { count: 4 }, clock: 'virtual', seed: 1 })
  cluster.images.define('crash', { exitAfterMs: 3_000, exitCode: 1 })
  cluster.images.define('flaky', { readyAfterMs: 12_000, http: { '/': 'ok', '/live': { status: 500 } } })
  cluster.images.define('stubborn', { stopMs: Number.POSITIVE_INFINITY })
  cluster.images.define('tick', { logs: [{ text: 'tick', afterMs: 300, everyMs: 7_000 }], exitAfterMs: 100_000 })
  cluster.images.define('missing', {}, { pullError: 'not found' })
  const liveness = { httpGet: { port: 80, path: '/live' }, periodSeconds: 20, initialDelaySeconds: 60 }
  const readiness = { httpGet: { port: 80, path: '/' }, periodSeconds: 7 }
  const pods = [
    podOf('crash'),
    podOf('flaky', { livenessProbe: liveness, readinessProbe: readiness }),
    podOf('stubborn'),
    podOf('tick'),
    podOf('missing'),
    podOf('huge', { image: 'web', resources: { requests: { cpu: '100' } } }),
    ...Array.from({ length: 6 }, (_, index) => podOf(`web-${index}`, { image: 'web' })),
  ]
  for (const pod of pods) await cluster.client.create(pod)
  await cluster.clock.advance('437s')
  await cluster.client.delete(podOf('stubborn'))
  await cluster.nodes.remove('node-2')
  cluster.nodes.get('node-3')!.faults.stopNode()
  await cluster.clock.advance(12_345)

  await using fork = await cluster.fork()
  const [original, copy] = await Promise.all([traceOf(cluster), traceOf(fork)])
  const steps = async (each: Cluster) => {
    await each.clock.advance('10m')
    each.nodes.get('node-3')!.faults.startNode()
    await each.client.create(podOf('later', { image: 'crash' }))
    await each.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'later' } })
    await each.addNodes({ count: 1, namePrefix: 'new' })
    await each.clock.advance('50m')
  }
  await steps(cluster)
  await steps(fork)
  assert.ok(original.length > 1_000, `only ${original.length} writes`)
  assert.equal(firstDifference(original, copy), undefined)
})

test('a fork of a cluster that has just started and does nothing writes what the original writes', async () => {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual', seed: 1 })
  await using fork = await cluster.fork()
  const [original, copy] = await Promise.all([traceOf(cluster), traceOf(fork)])
  for (const each of [cluster, fork]) await each.clock.advance('1m')
  assert.ok(original.length >= 6, `only ${original.length} writes`)
  assert.equal(firstDifference(original, copy), undefined)
})

test('a fork has the same objects, time, logs, images and credentials; what happens in one is not seen in the other', async () => {
  await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual', seed: 1 })
  cluster.images.define('greeter', { logs: ['hello'] })
  const pod = await cluster.client.create(podOf('greeter'))
  await cluster.until(pod, 'Ready')
  await using fork = await cluster.fork()
  assert.equal(fork.clock.now(), cluster.clock.now())
  assert.deepEqual(await fork.client.list({ apiVersion: 'v1', kind: 'Pod' }), await cluster.client.list({ apiVersion: 'v1', kind: 'Pod' }))
  assert.notEqual(fork.url, cluster.url)
  assert.equal(await fork.client.logs({ name: 'greeter' }), 'hello\n')
  assert.equal((await fork.client.exec({ name: 'greeter' }, ['echo', 'there'])).stdout, 'there\n')

  fork.images.define('greeter', { logs: ['welcome'] })
  await fork.client.delete(pod)
  await fork.until(pod, 'Deleted')
  await fork.client.create(podOf('greeter', { imagePullPolicy: 'Always' }))
  await fork.until(pod, 'Ready')
  assert.equal(await fork.client.logs({ name: 'greeter' }), 'welcome\n')
  assert.equal(await cluster.client.logs({ name: 'greeter' }), 'hello\n')
  assert.equal((await cluster.client.get(refOf(pod))).metadata.uid, pod.metadata.uid)
})

test('two forks of one cluster do the same with the same steps; a pod in its back-off is restarted when it is over', async () => {
  await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual', seed: 1 })
  cluster.images.define('crash', { exitAfterMs: 1_000, exitCode: 1 })
  const pod = await cluster.client.create(podOf('crash'))
  const ref = refOf(pod)
  const restarts = (now: Pod | undefined) => now?.status?.containerStatuses?.[0]?.restartCount
  // Restarted at once, then after 10, 20, 40 and 80 s; what follows is 160 s.
  await cluster.until(ref, now => restarts(now) === 5 && now?.status?.containerStatuses?.[0]?.state?.terminated !== undefined)
  await cluster.clock.advance('70s')
  await using one = await cluster.fork()
  await using other = await cluster.fork()
  for (const each of [one, other, cluster]) {
    await each.clock.advance(89_999)
    assert.equal(restarts(await each.client.get(ref)), 5)
    await each.clock.advance(1_001)
    assert.equal(restarts(await each.client.get(ref)), 6)
    await each.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' } })
  }
  const uidIn = async (each: Cluster) => (await each.client.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'mine' })).metadata.uid
  assert.deepEqual([await uidIn(one), await uidIn(other)], [await uidIn(cluster), await uidIn(cluster)])
})

test('a cluster that goes on from a snapshot with a seed makes choices of its own, the same with the same seed', async () => {
  await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual', seed: 1 })
  const snapshot = await cluster.snapshot()
  const uidWith = async (options: { seed?: number }) => {
    await using other = await startCluster({ from: snapshot, ...options })
    return (await other.client.create(podOf('web'))).metadata.uid
  }
  assert.equal(await uidWith({ seed: 5 }), await uidWith({ seed: 5 }))
  assert.notEqual(await uidWith({ seed: 5 }), await uidWith({ seed: 6 }))
  assert.notEqual(await uidWith({ seed: 5 }), await uidWith({}))
})

test('restore: the same handle goes back, as often as one likes; watches of the time before end with an error', async () => {
  await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual', seed: 1 })
  await cluster.client.create(podOf('web'))
  await cluster.clock.advance('1m')
  const { url, kubeconfig, client, clock, images } = cluster
  const before = await cluster.snapshot()
  assert.deepEqual([before.time, before.revision], [clock.now(), cluster.storage.revision])
  const listed = await client.list({ apiVersion: 'v1', kind: 'Pod' })
  const uids: (string | undefined)[] = []
  for (let round = 0; round < 3; round++) {
    const watch = client.watch({ apiVersion: 'v1', kind: 'Pod', resourceVersion: listed.metadata.resourceVersion! })
    const watching = watch.next()
    images.define('later', { exitAfterMs: 1_000, exitCode: 3 })
    const pod = await client.create(podOf('later'))
    uids.push(pod.metadata.uid)
    assert.equal((await watching).value?.type, 'ADDED')
    await cluster.nodes.remove('node-1')
    await clock.advance('2m')
    await cluster.restore(before)
    const drained = (async () => {
      for await (const _ of watch);
    })()
    await assert.rejects(drained, /the cluster was set back to an earlier state/)
    assert.deepEqual([cluster.url, cluster.kubeconfig, clock.now(), cluster.nodes.size], [url, kubeconfig, before.time, 2])
    assert.deepEqual(await client.list({ apiVersion: 'v1', kind: 'Pod' }), listed)
    assert.equal((await client.exec({ name: 'web' }, ['echo', 'through the port'])).stdout, 'through the port\n')
  }
  assert.equal(new Set(uids).size, 1)
})

test('a snapshot outlives its cluster, costs no timers, and starts others', async () => {
  const cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  const pod = await cluster.client.create(podOf('web'))
  await cluster.until(pod, 'Ready')
  const snapshot = await cluster.snapshot()
  await cluster.stop()
  await using later = await startCluster({ from: snapshot })
  assert.equal((await later.client.get(refOf(pod))).metadata.uid, pod.metadata.uid)
  await later.clock.advance('1h')
  await later.until(pod, 'Ready')
  await using stranger = await startCluster({ clock: 'virtual' })
  await assert.rejects(stranger.restore(snapshot), /snapshot of another cluster/)
})

test('a cluster on the real clock with its storage on disk is forked into memory, and not set back itself', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fork-'))
  await using cluster = await startCluster({ nodes: { count: 1 }, storage: { sqlite: folder.path } })
  const pod = await cluster.client.create(podOf('web'))
  await cluster.until(pod, 'Ready')
  await using fork = await cluster.fork()
  assert.equal((await fork.client.get(refOf(pod))).metadata.uid, pod.metadata.uid)
  await fork.client.delete(pod, { gracePeriodSeconds: 0 })
  await fork.until(pod, 'Deleted')
  await cluster.until(pod, 'Ready')
  await assert.rejects(cluster.restore(await cluster.snapshot()), /the cluster is on disk; fork it, and restore the fork$/)
})
