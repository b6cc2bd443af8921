import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  type ClusterRecord,
  clusterFolder,
  makeDataFolder,
  readClusterRecord,
  removeClusterRecord,
  writeClusterRecord,
} from './cluster-folder.ts'

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

const damages: { name: string; text: string }[] = [
  { name: 'empty', text: '' },
  { name: 'half of it', text: '{"apiPort":64' },
  { name: 'another thing', text: 'null' },
  {
    name: 'a field less',
    text: '{"apiPort":6443,"kubeletPort":10250,"podCIDR":"10.244.0.0/16","serviceCIDR":"10.96.0.0/12","nodeIP":"","kubeconfigs":[]}',
  },
]
for (const { name, text } of damages) {
  test(`a record that is damaged (${name}) → an error that names the file, not "no cluster"`, async () => {
    const cluster = await clusterFolder(join(folder, 'damaged'))
    await mkdir(cluster.data, { recursive: true })
    await writeFile(join(cluster.data, 'cluster.json'), text)
    await assert.rejects(readClusterRecord(cluster), /the record of the cluster in ".*cluster\.json" is damaged/)
  })
}

test('a record that cannot be read → an error that names the file; a data folder that is a file has none', async () => {
  const cluster = await clusterFolder(join(folder, 'strange'))
  await mkdir(join(cluster.data, 'cluster.json'), { recursive: true })
  await assert.rejects(readClusterRecord(cluster), /cannot read ".*cluster\.json"/)
  await writeFile(join(folder, 'file'), '')
  assert.equal(await readClusterRecord(await clusterFolder(join(folder, 'file'))), undefined)
  for (const path of ['file', 'file/below']) {
    const message = `cannot make the data folder "${join(await realpath(folder), path)}": a file is in the way`
    await assert.rejects(makeDataFolder(await clusterFolder(join(folder, path))), { message })
  }
})
