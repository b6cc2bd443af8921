import assert from 'node:assert/strict'
import { test } from 'node:test'
import tar from 'tar-stream'
import { buildImage, buildLayer, digestOf, type LayerEntry } from './oci-image.ts'

const entries: LayerEntry[] = [
  { path: 'etc' },
  { path: 'etc/motd', content: 'hello\n' },
  { path: 'bin', link: 'usr/bin' },
  { path: 'tmp', mode: 0o1777 },
  { path: 'data', uid: 7, gid: 8 },
]

test('buildLayer: kinds, modes, owners and content arrive', async () => {
  const { bytes } = await buildLayer(entries)
  const extract = tar.extract()
  extract.end(bytes)
  const seen = []
  for await (const entry of extract) {
    const { name, type, mode, uid, gid, linkname } = entry.header
    let content = ''
    for await (const chunk of entry) content += chunk
    seen.push({ name, type, mode, uid, gid, linkname, content })
  }
  const owned = { uid: 0, gid: 0, linkname: null, content: '' }
  assert.deepEqual(seen, [
    { ...owned, name: 'etc', type: 'directory', mode: 0o755 },
    { ...owned, name: 'etc/motd', type: 'file', mode: 0o644, content: 'hello\n' },
    { ...owned, name: 'bin', type: 'symlink', mode: 0o777, linkname: 'usr/bin' },
    { ...owned, name: 'tmp', type: 'directory', mode: 0o1777 },
    { ...owned, name: 'data', type: 'directory', mode: 0o755, uid: 7, gid: 8 },
  ])
})

test('buildImage: the same input gives the same digest, a label gives another', async () => {
  const layer = await buildLayer(entries)
  const build = (Labels: Record<string, string>) =>
    buildImage({ architecture: 'amd64', layers: [layer], config: { Labels } }).manifest.digest
  assert.equal((await buildLayer(entries)).descriptor.digest, layer.descriptor.digest)
  assert.equal(build({ a: '1' }), build({ a: '1' }))
  assert.notEqual(build({ a: '1' }), build({ a: '2' }))
})

test('buildImage: every blob lies under its digest, and the manifest leads to all', async () => {
  const { manifest, blobs } = buildImage({ architecture: 'arm64', layers: [await buildLayer(entries)], config: { Cmd: ['sh'] } })
  for (const [digest, bytes] of blobs) assert.equal(digestOf(bytes), digest)
  const { config, layers } = JSON.parse(blobs.get(manifest.digest)!.toString())
  assert.deepEqual(
    new Set([manifest.digest, config.digest, ...layers.map((layer: { digest: string }) => layer.digest)]),
    new Set(blobs.keys()),
  )
  const { architecture, rootfs } = JSON.parse(blobs.get(config.digest)!.toString())
  assert.deepEqual({ architecture, diffIDs: rootfs.diff_ids }, { architecture: 'arm64', diffIDs: [layers[0].digest] })
})
