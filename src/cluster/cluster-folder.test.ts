import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ClusterRecord, clusterFolder, readClusterRecord, removeClusterRecord, writeClusterRecord } from './cluster-folder.ts'

let folder: string
before(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'cox-folder-')))
  await mkdir(join(folder, 'real'))
  await symlink(join(folder, 'real'), join(folder, 'link'))
})
after(() => rm(folder, { recursive: true }))

test('a data folder is the same cluster before and after it is made, by whatever path', async () => {
  const first = await clusterFolder(join(folder, 'link/a/data'))
  await mkdir(first.data, { recursive: true })
  assert.equal(first.data, join(folder, 'real/a/data'))
  for (const path of ['link/a/data', 'real/a/data', 'real/a/../a/data/'])
    assert.equal((await clusterFolder(join(folder, path))).id, first.id, path)
})

test('a record is read as it was written, and gone when it was removed', async () => {
  const cluster = await clusterFolder(join(folder, 'b'))
  assert.equal(await readClusterRecord(cluster), undefined)
  const record: ClusterRecord = {
    apiPort: 6443,
    kubeletPort: 10_250,
    nodeName: 'node',
    podCIDR: '10.244.0.0/16',
    serviceCIDR: '10.96.0.0/12',
    nodeIP: '192.0.2.1',
    kubeconfigs: [],
  }
  await writeClusterRecord(cluster, record)
  assert.deepEqual(await readClusterRecord(cluster), record)
  await removeClusterRecord(cluster)
  assert.equal(await readClusterRecord(cluster), undefined)
})
