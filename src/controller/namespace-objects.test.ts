import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigMap, ServiceAccount } from '#api/core/v1/types.gen.ts'
import { startCluster } from '#cluster/start-cluster.ts'

const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'team', name: 'default' } as const
const published = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team', name: 'kube-root-ca.crt' } as const

async function start() {
  const cluster = await startCluster({ clock: 'virtual' })
  await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } })
  await cluster.until(account, 'Exists')
  await cluster.until(published, 'Exists')
  return cluster
}

test('each namespace has the service account default and the published CA, those of the system too', async () => {
  await using cluster = await start()
  const namespaces = (await cluster.client.list({ apiVersion: 'v1', kind: 'Namespace' })).items.map(({ metadata }) => metadata.name)
  assert.deepEqual(namespaces.sort(), ['default', 'kube-node-lease', 'kube-public', 'kube-system', 'team'])
  for (const namespace of namespaces) {
    await cluster.client.get({ ...account, namespace })
    const { data } = (await cluster.client.get({ ...published, namespace })) as ConfigMap
    assert.deepEqual(data, { 'ca.crt': cluster.certificates.ca })
  }
})

test('the service account default comes back when it is deleted, as another one', async () => {
  await using cluster = await start()
  const before = (await cluster.client.get(account)) as ServiceAccount
  await cluster.client.delete(account)
  await cluster.clock.settle()
  const after = (await cluster.client.get(account)) as ServiceAccount
  assert.notEqual(after.metadata.uid, before.metadata.uid)
})

const damages: { name: string; damage(cluster: Awaited<ReturnType<typeof start>>): Promise<unknown> }[] = [
  { name: 'deleted', damage: cluster => cluster.client.delete(published) },
  {
    name: 'given other data',
    damage: cluster => cluster.client.patch(published, { type: 'merge', body: { data: { 'ca.crt': 'forged', more: 'x' } } }),
  },
  { name: 'emptied', damage: cluster => cluster.client.patch(published, { type: 'merge', body: { data: null } }) },
  {
    name: 'stripped of its description',
    damage: cluster => cluster.client.patch(published, { type: 'merge', body: { metadata: { annotations: null } } }),
  },
]
for (const { name, damage } of damages) {
  test(`the published CA is repaired when it is ${name}`, async () => {
    await using cluster = await start()
    const before = (await cluster.client.get(published)) as ConfigMap
    await damage(cluster)
    await cluster.clock.settle()
    const after = (await cluster.client.get(published)) as ConfigMap
    assert.deepEqual(after.data, before.data)
    assert.deepEqual(after.metadata.annotations, before.metadata.annotations)
  })
}

test('what others add to the published CA stays', async () => {
  await using cluster = await start()
  await cluster.client.patch(published, { type: 'merge', body: { metadata: { labels: { mine: 'yes' } }, data: { 'ca.crt': 'forged' } } })
  await cluster.clock.settle()
  const { data, metadata } = (await cluster.client.get(published)) as ConfigMap
  assert.deepEqual([data, metadata.labels], [{ 'ca.crt': cluster.certificates.ca }, { mine: 'yes' }])
})
