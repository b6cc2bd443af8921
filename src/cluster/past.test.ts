import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isExpired, isForbidden, isNotFound } from '#apimachinery/status/status.ts'
import { pastPath } from '#client/past.ts'
import { whyPath } from '#client/why.ts'
import { startCluster } from './start-cluster.ts'

const settings = (data?: Record<string, string>) =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, ...(data !== undefined && { data }) }) as const
const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'settings' } as const
const list = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', labelSelector: 'mine' } as const

test('reads of the past: by version, by time, and by how long ago', async () => {
  await using cluster = await startCluster({ clock: 'virtual', seed: 1 })
  const { client, clock } = cluster
  const first = await client.create(settings({ color: 'red' }))
  await clock.advance('1m')
  const changed = new Date(clock.now())
  await client.patch(ref, { type: 'merge', body: { metadata: { labels: { mine: '' } }, data: { color: 'green' } } })
  await clock.advance('1m')
  await client.delete(ref)
  const colorAt = async (at: string | number | Date) => (await client.get({ ...ref, at })).data?.['color']
  const { resourceVersion } = first.metadata
  assert.deepEqual(
    await Promise.all([resourceVersion!, Number(resourceVersion), changed, new Date(changed.getTime() - 1), '30s', '61s'].map(colorAt)),
    ['red', 'red', 'green', 'red', 'green', 'red'],
  )
  const names = async (at: string) => (await client.list({ ...list, at })).items.map(({ metadata }) => metadata.name)
  assert.deepEqual([await names('90s'), await names('30s'), await names('0s')], [[], ['settings'], []])
  await assert.rejects(client.get({ ...ref, at: '0s' }), isNotFound)
})

test('reads of the past: ages in tables are those of then', async () => {
  await using cluster = await startCluster({ clock: 'virtual', seed: 1 })
  const { client, clock } = cluster
  await client.create(settings({ color: 'red' }))
  await clock.advance('90s')
  const { metadata } = await client.patch(ref, { type: 'merge', body: { data: { color: 'green' } } })
  await clock.advance('1h')
  await client.create({ ...settings(), metadata: { name: 'later' } })
  const transport = cluster.controlPlane.transportOf({ name: 'kubernetes-admin', groups: ['system:masters'] })
  const ageIn = async (path: string) => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
    const request = { method: 'GET', path: `/api/v1/namespaces/default/configmaps${path}`, accept } as const
    const { rows } = (await transport.request(request, new AbortController().signal)).body as { rows: { cells: unknown[] }[] }
    return rows.find(({ cells }) => cells[0] === 'settings')!.cells.at(-1)
  }
  const exact = `?resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`
  assert.deepEqual(await Promise.all([exact, `/settings${exact}`, '', '/settings'].map(ageIn)), ['90s', '90s', '61m', '61m'])
})

test('reads of the past: as long as the history is kept, and no longer', async () => {
  await using short = await startCluster({ clock: 'virtual', seed: 1 })
  await using long = await startCluster({ clock: 'virtual', seed: 1, history: '2h' })
  for (const { client, clock } of [short, long]) {
    await client.create(settings({ color: 'red' }))
    await clock.advance('30m')
    await client.patch(ref, { type: 'merge', body: { data: { color: 'green' } } })
    await clock.advance('30m')
  }
  await assert.rejects(short.client.get({ ...ref, at: '45m' }), isExpired)
  assert.equal((await long.client.get({ ...ref, at: '45m' })).data?.['color'], 'red')
  assert.equal((await short.client.get({ ...ref, at: '15m' })).data?.['color'], 'green')
})

test('why: a cluster that starts again from its folder knows what was before', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'why-'))
  const options = { storage: { sqlite: join(folder.path, 'storage') }, pkiFolder: join(folder.path, 'pki') }
  {
    await using cluster = await startCluster(options)
    await cluster.client.create(settings({ color: 'red' }))
    await cluster.client.patch(ref, { type: 'merge', body: { data: { color: 'green' } } })
  }
  await using cluster = await startCluster(options)
  await cluster.client.delete(ref)
  const { writes, earlier } = await cluster.why(ref)
  assert.deepEqual(
    writes.map(({ effect, user, changes }) => [effect, user, changes]),
    [
      ['created', 'kubernetes-admin', []],
      ['changed', 'kubernetes-admin', [{ path: 'data.color', before: 'red', after: 'green' }]],
      ['deleted', 'kubernetes-admin', []],
    ],
  )
  assert.equal(earlier, undefined)
})

test('why: of a Secret no value is told, and who is no administrator is told nothing', async () => {
  await using cluster = await startCluster()
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'token', annotations: { copy: 'hunter1' } },
    stringData: { key: 'hunter2' },
  }
  await cluster.client.create(secret)
  const body = { metadata: { annotations: { copy: 'hunter3' } }, stringData: { key: 'hunter4' } }
  await cluster.client.patch({ apiVersion: 'v1', kind: 'Secret', name: 'token' }, { type: 'merge', body })
  const story = await cluster.why(secret)
  const secretChanges = [
    { path: 'data.key', isSecret: true },
    { path: 'metadata.annotations.copy', isSecret: true },
  ]
  assert.deepEqual(
    story.writes[1]!.changes!.toSorted((left, right) => (left.path < right.path ? -1 : 1)),
    secretChanges,
  )
  const stranger = cluster.controlPlane.transportOf({ name: 'stranger', groups: [] })
  for (const path of [whyPath, pastPath]) {
    await assert.rejects(stranger.request({ method: 'GET', path }, new AbortController().signal), isForbidden)
  }
})
