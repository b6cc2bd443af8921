/**
 * Do the manifests of a folder start? What they refer to must be there, they must fit on the nodes, and their probes must pass. Nothing is pulled
 * or run: images that nobody defined behave well. Run it with `node --test`.
 */
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { startCluster } from 'coxswain'
import { expectPod } from 'coxswain/testing'
import { loadAll } from 'js-yaml'

const folder = new URL('manifests/', import.meta.url)

interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string }
}

async function readManifests(): Promise<Manifest[]> {
  const files = (await readdir(folder)).filter(name => name.endsWith('.yaml')).sort()
  const texts = await Promise.all(files.map(name => readFile(new URL(name, folder), 'utf8')))
  return texts.flatMap(text => loadAll(text) as Manifest[])
}

test('every Pod of the folder becomes ready', async () => {
  await using cluster = await startCluster({ nodes: { count: 2, capacity: { cpu: 1, memory: '1Gi' } }, clock: 'virtual' })
  const objects = await readManifests()
  for (const object of objects) await cluster.client.apply(object)
  for (const { kind, metadata } of objects) if (kind === 'Pod') await expectPod(cluster, metadata).toBecomeReady()
})
