/** An operator tested against a whole cluster: what it makes runs, what others do to it happens, and an hour takes no time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cluster, type ConfigMap, startCluster } from 'coxswain'
import { expectPod } from 'coxswain/testing'
import { runOperator } from './operator.ts'

const workersOf = (data: Record<string, string>): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'team', labels: { workers: 'true' } },
  data,
})
const team = { apiVersion: 'v1', kind: 'ConfigMap', name: 'team' } as const

/** The operator as a process of its own would be: it can be stopped and started. */
function startOperator(cluster: Cluster): AsyncDisposable & { errors: unknown[] } {
  const end = new AbortController()
  const errors: unknown[] = []
  const running = runOperator(
    { client: cluster.client, sleep: (ms, signal) => cluster.clock.sleep(ms, signal), onError: error => errors.push(error) },
    end.signal,
  )
  return {
    errors,
    async [Symbol.asyncDispose]() {
      end.abort()
      await running
    },
  }
}

const change = (cluster: Cluster, body: object) => cluster.client.patch(team, { type: 'merge', body })
const untilNoted = (cluster: Cluster, ready: string) => cluster.until(team, now => now?.metadata.annotations?.['workers/ready'] === ready)

async function podsOf(cluster: Cluster): Promise<Record<string, string>> {
  const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'Pod', labelSelector: 'workers-of=team' })
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name!, spec.containers[0]!.image!]))
}

async function withOperator(act: (cluster: Cluster, operator: { errors: unknown[] }) => Promise<void>): Promise<void> {
  await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual' })
  await using operator = startOperator(cluster)
  await cluster.client.create(workersOf({ ann: 'nginx', bob: 'redis' }))
  await untilNoted(cluster, '2/2')
  await act(cluster, operator)
}

test('a ConfigMap gets its Pods, and is told when they are ready', () =>
  withOperator(async (cluster, { errors }) => {
    await expectPod(cluster, 'ann').toBecomeReady()
    assert.deepEqual(await podsOf(cluster), { ann: 'nginx', bob: 'redis' })
    assert.deepEqual(errors, [])
  }))

test('entries that are changed, removed and added', () =>
  withOperator(async cluster => {
    const { metadata } = await expectPod(cluster, 'ann').toBecomeReady()
    await change(cluster, { data: { ann: 'nginx:1.17', bob: null, eve: 'redis' } })
    await expectPod(cluster, 'bob').toBeDeleted()
    await expectPod(cluster, 'eve').toBecomeReady()
    await cluster.until({ apiVersion: 'v1', kind: 'Pod', name: 'ann' }, now => now !== undefined && now.metadata.uid !== metadata.uid)
    await untilNoted(cluster, '2/2')
    assert.deepEqual(await podsOf(cluster), { ann: 'nginx:1.17', eve: 'redis' })
  }))

test('a Pod that somebody deletes comes back', () =>
  withOperator(async cluster => {
    await cluster.client.delete({ apiVersion: 'v1', kind: 'Pod', name: 'ann' })
    await expectPod(cluster, 'ann').toBeDeleted()
    await expectPod(cluster, 'ann').toBecomeReady()
  }))

test('the Pods go with the ConfigMap, or with its label', async () => {
  for (const end of [
    (cluster: Cluster) => cluster.client.delete(team),
    (cluster: Cluster) => change(cluster, { metadata: { labels: { workers: null } } }),
  ])
    await withOperator(async cluster => {
      await end(cluster)
      await expectPod(cluster, 'ann').toBeDeleted()
      await expectPod(cluster, 'bob').toBeDeleted()
      await cluster.clock.advance('10m')
      assert.deepEqual(await podsOf(cluster), {})
    })
})

test('what others write at the same time is not lost', () =>
  withOperator(async cluster => {
    // Its next write finds that somebody was faster.
    const conflict = cluster.faults.requests.fail({ verb: 'update', resource: 'configmaps' }, 409)
    await change(cluster, { data: { eve: 'redis' } })
    await untilNoted(cluster, '3/3')
    assert.equal(conflict.hits, 1)
  }))

test('a server that does not answer well is asked again', () =>
  withOperator(async (cluster, { errors }) => {
    cluster.faults.requests.fail({ verb: 'create', resource: 'pods' }, 500, { times: 3 })
    await change(cluster, { data: { eve: 'redis' } })
    await expectPod(cluster, 'eve').toBecomeReady()
    assert.equal(errors.length, 3)
  }))

test('an operator that starts again finds what it missed, and leaves alone what is right', async () => {
  await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual' })
  await cluster.client.create(workersOf({ ann: 'nginx', bob: 'redis' }))
  {
    await using _first = startOperator(cluster)
    await untilNoted(cluster, '2/2')
  }
  const { metadata } = await expectPod(cluster, 'ann').toBecomeReady()
  await change(cluster, { data: { bob: null, eve: 'redis' } })
  await cluster.clock.advance('10m')
  assert.deepEqual(Object.keys(await podsOf(cluster)), ['ann', 'bob'])
  await using _second = startOperator(cluster)
  await expectPod(cluster, 'bob').toBeDeleted()
  await untilNoted(cluster, '2/2')
  assert.equal((await expectPod(cluster, 'ann').toBecomeReady()).metadata.uid, metadata.uid)
})
