/** What a test is given, it may change: as an argument of its functions, too. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from './cluster.ts'
import { startCluster } from './start-cluster.ts'

const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'light', namespace: 'default', labels: { a: 'b' } } } as const
const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'light' } as const
const start = () => startCluster({ clock: 'virtual', controllers: [] })

/** Makes every text in it another one. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, field] of Object.entries(value)) {
    if (typeof field === 'object') spoil(field)
    else if (typeof field === 'string') (value as Record<string, unknown>)[key] = 'spoilt'
  }
}

async function isWhole(cluster: Cluster): Promise<void> {
  const { metadata, data } = await cluster.client.get(ref)
  assert.deepEqual([metadata.name, metadata.namespace, metadata.labels, data], ['light', 'default', { a: 'b' }, { color: 'green' }])
  assert.equal((await cluster.client.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' })).items.length, 1)
}

test('until: a predicate that changes the object changes its own only', async () => {
  await using cluster = await start()
  await cluster.client.create({ ...map, data: { color: 'green' } })
  const found = await cluster.until(map, now => {
    const isGreen = now?.data?.['color'] === 'green'
    spoil(now)
    return isGreen
  })
  assert.equal(found.data?.['color'], 'green')
  await isWhole(cluster)
})

test('faults of the storage: what `where` changes of a write is not written', async () => {
  await using cluster = await start()
  const seen: unknown[] = []
  cluster.faults.storage.fail({
    where: ({ value }) => {
      seen.push((value?.object as typeof map | undefined)?.metadata.name, value?.encode().length)
      spoil(value?.object)
      value?.encode().fill(0)
      return false
    },
  })
  await cluster.client.create({ ...map, data: { color: 'green' } })
  assert.equal(seen[0], 'light')
  await isWhole(cluster)
})

test('faults of requests and watches: what `where` changes of a request is not what the server does', async () => {
  await using cluster = await start()
  const changing = (given: object) => {
    spoil(given)
    return false
  }
  cluster.faults.requests.fail({ where: changing }, 500)
  cluster.faults.watches.drop({ where: changing })
  const until = cluster.until(map, 'Exists')
  await cluster.client.create({ ...map, data: { color: 'green' } })
  await until
  await isWhole(cluster)
})

test('why: a story is the own of whoever asks', async () => {
  await using cluster = await start()
  const finalizers = ['example.com/kept']
  await cluster.client.create(map)
  await cluster.client.update({ ...map, metadata: { ...map.metadata, finalizers } })
  const story = await cluster.why(ref)
  const told = String(story)
  spoil(story.writes)
  assert.equal(String(await cluster.why(ref)), told)
  assert.deepEqual((await cluster.client.get(ref)).metadata.finalizers, finalizers)
})
