import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCluster } from './start-cluster.ts'

test('until: a state that passes counts, though time did not move', async () => {
  await using cluster = await startCluster({ clock: 'virtual', controllers: [] })
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'light' } } as const
  await cluster.client.create({ ...map, data: { color: 'green' } })
  const amber = cluster.until(map, now => now?.data?.['color'] === 'amber')
  for (const color of ['amber', 'red']) await cluster.client.update({ ...map, data: { color } })
  assert.equal((await amber).data?.['color'], 'amber')
})

test('until: what the predicate throws comes out', async () => {
  await using cluster = await startCluster({ clock: 'virtual', controllers: [] })
  const bug = new Error('bug')
  const asked = cluster.until({ apiVersion: 'v1', kind: 'Namespace', name: 'default' }, () => {
    throw bug
  })
  await assert.rejects(asked, error => error === bug)
})

test('until: goes on when the API server fails, refuses, or restarts', async () => {
  await using cluster = await startCluster({ clock: 'virtual', controllers: [] })
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } } as const
  for (const code of [429, 500, 503, 504] as const) cluster.faults.requests.fail({ verb: 'list', resource: 'configmaps' }, code)
  const late = cluster.until(map, 'Exists')
  await cluster.clock.advance('10s')
  cluster.faults.stopAPIServer()
  await cluster.clock.advance('10s')
  await cluster.faults.startAPIServer()
  await cluster.client.create(map)
  assert.equal((await late)?.metadata.name, 'late')
  const refused = cluster.faults.requests.fail({ verb: 'list', resource: 'configmaps' }, 409)
  await assert.rejects(cluster.until(map, 'Deleted'), { code: 409 })
  assert.equal(refused.hits, 1)
})
