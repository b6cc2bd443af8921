/** Do the manifests of a folder start? Nothing is pulled or run: images that nobody defined behave well. */
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { startCluster } from 'coxswain'
import { loadAll } from 'js-yaml'

test('every pod of sample-2pod.yaml becomes ready', async () => {
  await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual' })
  const text = await readFile(new URL('../sample-2pod.yaml', import.meta.url), 'utf8')
  const objects = loadAll(text) as { apiVersion: string; kind: string; metadata: { name: string } }[]
  for (const object of objects) await cluster.client.apply(object)
  for (const object of objects) if (object.kind === 'Pod') await cluster.until(object, 'Ready')
})
