import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { SeededRandom } from '#base/random.ts'
import { parseKubeconfig, readKubeconfig } from '#client/kubeconfig/kubeconfig-file.ts'
import { startCluster } from './start-cluster.ts'

const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'web', image: 'nginx' }] } }

/** Randomness that breaks when it is asked to: the scheduler's choice between equal nodes is where it is used. */
class BreakableRandom extends SeededRandom {
  readonly #names = new SeededRandom(2)
  bug: Error | undefined

  override uuid(): string {
    return this.#names.uuid()
  }

  override suffix(length: number): string {
    return this.#names.suffix(length)
  }

  override next(): number {
    if (this.bug !== undefined) throw this.bug
    return super.next()
  }
}

test('startCluster: a part that breaks ends the cluster, loudly and once', async () => {
  const random = new BreakableRandom(1)
  await using cluster = await startCluster({ clock: 'virtual', random, nodes: { count: 2 } })
  const bug = new Error('bug')
  random.bug = bug
  await cluster.client.create(pod)
  const broken = assert.rejects(cluster.ended, error => error === bug)
  await cluster.clock.settle()
  await broken
})

test('startCluster: stopped, its end is no failure; twice is once', async () => {
  const cluster = await startCluster({ clock: 'virtual', nodes: { count: 1 } })
  await Promise.all([cluster.stop(), cluster.stop()])
  await cluster.ended
})

test('addNodes: the cluster stops while many nodes start → an error, and nothing goes on', async () => {
  const cluster = await startCluster({ clock: 'virtual' })
  const adding = assert.rejects(cluster.addNodes({ count: 10_000 }), /the cluster stops/)
  await cluster.stop()
  await adding
  await cluster.ended
})

test('startCluster: stopped right after it started, while nothing is in sync yet', async () => {
  for (let round = 0; round < 3; round++) {
    const cluster = await startCluster({ clock: 'virtual' })
    await cluster.stop()
    await cluster.ended
  }
})

test('startCluster: the port is taken → an error, and nothing is left behind: the storage can be opened again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'start-cluster-'))
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    await assert.rejects(startCluster({ storage: { sqlite: folder }, api: { port } }), { code: 'EADDRINUSE' })
    const cluster = await startCluster({ storage: { sqlite: folder } })
    await cluster.stop()
  } finally {
    server.close()
    await rm(folder, { recursive: true })
  }
})

test('startCluster: a range that is none → an error that says so', async () => {
  await assert.rejects(startCluster({ serviceCIDR: 'nonsense' }), /cannot use "nonsense" for services/)
})

test('startCluster: only the chosen controllers run', async () => {
  await using cluster = await startCluster({ clock: 'virtual', controllers: ['*', '-serviceaccount-controller'] })
  await cluster.clock.settle()
  const namesOf = async (kind: string) =>
    (await cluster.client.list({ apiVersion: 'v1', kind, namespace: 'default' })).items.map(({ metadata }) => metadata.name)
  assert.deepEqual(await namesOf('ConfigMap'), ['kube-root-ca.crt'])
  assert.deepEqual(await namesOf('ServiceAccount'), [])
})

test('startCluster: a controller that there is not → an error, before anything starts', async () => {
  const nobody = startCluster({ controllers: ['replicaset' as '*'] })
  await assert.rejects(nobody, /^Error: "replicaset" is not in the list of known controllers: namespace-controller, /)
})

test('startCluster: real containers in virtual time → an error that says why, and nothing is left', async () => {
  const impossible = startCluster({ nodes: { runtime: 'containerd', count: 1 }, clock: 'virtual' })
  await assert.rejects(impossible, /^Error: cannot start a node with real containers: programs need real time; leave clock: 'virtual' out$/)
})

test('client: a selector names what is deleted', async () => {
  await using cluster = await startCluster({ clock: 'virtual', controllers: [] })
  for (const [name, color] of Object.entries({ a: 'red', b: 'red', c: 'blue' }))
    await cluster.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { color } } })
  const maps = { apiVersion: 'v1', kind: 'ConfigMap' }
  await cluster.client.deleteCollection({ ...maps, labelSelector: 'color=red' })
  assert.deepEqual(
    (await cluster.client.list({ ...maps, namespace: 'default' })).items.map(({ metadata }) => metadata.name),
    ['c'],
  )
})

test('kubeconfig: text that kubectl reads, the same as in the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'start-cluster-'))
  await using cluster = await startCluster({ clock: 'virtual' })
  try {
    await cluster.writeKubeconfig(join(folder, 'config'))
    const [text, file] = await Promise.all([parseKubeconfig(cluster.kubeconfig, 'text'), readKubeconfig(join(folder, 'config'))])
    assert.deepEqual(text, file)
    assert.equal(text.clusters[0]?.cluster['server'], cluster.url)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('startCluster: what was written is there again after the next start, and first objects are not made twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'start-cluster-'))
  const start = () => startCluster({ storage: { sqlite: join(folder, 'storage') }, pkiFolder: join(folder, 'pki'), clock: 'virtual' })
  const namesOf = async (cluster: Awaited<ReturnType<typeof start>>, apiVersion: string, kind: string) =>
    (await cluster.client.list({ apiVersion, kind })).items.map(({ metadata }) => `${metadata.name} ${metadata.uid}`).sort()
  try {
    const first = await start()
    await first.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' }, data: { a: 'b' } })
    await first.clock.settle()
    const kinds = [
      ['v1', 'Namespace'],
      ['v1', 'Service'],
      ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
    ] as const
    const before = await Promise.all(kinds.map(([apiVersion, kind]) => namesOf(first, apiVersion, kind)))
    await first.stop()
    await using second = await start()
    await second.clock.settle()
    assert.deepEqual(await Promise.all(kinds.map(([apiVersion, kind]) => namesOf(second, apiVersion, kind))), before)
    const mine = await second.client.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'mine' })
    assert.deepEqual((mine as { data?: unknown }).data, { a: 'b' })
    assert.equal(first.certificates.ca, second.certificates.ca)
  } finally {
    await rm(folder, { recursive: true })
  }
})
