import assert from 'node:assert/strict'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ClusterEndpoint } from './hosted-cluster.ts'
import { TestServer } from './test-server.ts'
import { askControl, askDone, TestAPI } from './testing.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })

describe('test server: copies of the cluster', () => {
  let server: TestServer
  let control: string
  before(async () => {
    server = await TestServer.start({ cluster: { nodes: { count: 1 }, clock: 'virtual', seed: 1 } })
    control = server.endpoint.control
  })
  after(() => server[Symbol.asyncDispose]())

  async function names(endpoint: ClusterEndpoint = server.endpoint): Promise<string[]> {
    using api = await TestAPI.connect(endpoint)
    const { items } = await api.request('GET', configMaps)
    return items.map(({ metadata }: { metadata: { name: string } }) => metadata.name).filter((name: string) => name !== 'kube-root-ca.crt')
  }

  async function create(name: string, endpoint: ClusterEndpoint = server.endpoint): Promise<void> {
    using api = await TestAPI.connect(endpoint)
    await api.request('POST', configMaps, configMap(name))
  }

  test('a snapshot is gone back to, as often as one likes; time and faults go back, too', async () => {
    const { id, time } = await askDone(control, 'POST', '/snapshots')
    assert.equal(time, (await askDone(control, 'GET', '/clock')).now)
    for (let round = 0; round < 2; round++) {
      await create('later')
      await askDone(control, 'POST', '/faults/requests/fail', { status: 500, times: 'forever', requests: { program: 'test' } })
      await askDone(control, 'POST', '/clock/advance', { duration: '1h' })
      assert.equal((await askDone(control, 'POST', `/snapshots/${id}/restore`)).now, time)
      assert.deepEqual([await names(), await askDone(control, 'GET', '/faults')], [[], { items: [] }])
    }
    assert.deepEqual(await askDone(control, 'GET', '/snapshots'), { items: [{ id, time }] })
    assert.deepEqual(await askDone(control, 'DELETE', `/snapshots/${id}`), { id, time })
    assert.equal((await askControl(control, 'POST', `/snapshots/${id}/restore`)).status, 404)
  })

  test('a fork has an endpoint of its own, and ends alone', async () => {
    await create('both')
    const fork = (await askDone(control, 'POST', '/fork')) as ClusterEndpoint
    assert.deepEqual(await askDone(fork.control, 'GET', '/'), fork)
    for (const field of ['kubeconfig', 'url', 'control'] as const) assert.notEqual(fork[field], server.endpoint[field])
    await create('there', fork)
    await create('here')
    await askDone(fork.control, 'POST', '/clock/advance', { duration: '1h' })
    assert.deepEqual(
      [await names(), await names(fork)],
      [
        ['both', 'here'],
        ['both', 'there'],
      ],
    )
    await askDone(fork.control, 'POST', '/reset')
    assert.deepEqual(await names(fork), ['both'])
    await askDone(fork.control, 'POST', '/stop')
    assert.equal((await askControl(fork.control, 'GET', '/')).status, 404)
    await assert.rejects(access(fork.kubeconfig), { code: 'ENOENT' })
    assert.deepEqual(await names(), ['both', 'here'])
  })

  test('faults go on in a fork, under the same names; a snapshot has those of its time', async () => {
    const { id } = await askDone(control, 'POST', '/faults/requests/fail', {
      requests: { program: 'test', verb: 'create' },
      status: 500,
      times: 2,
    })
    await askDone(control, 'POST', '/faults/storage/fail', { writes: { keyPrefix: '/registry/nothing/' } })
    await assert.rejects(create('unlucky'), { code: 500 })
    const before = await askDone(control, 'GET', '/faults')
    const snapshot = await askDone(control, 'POST', '/snapshots')
    const fork = (await askDone(control, 'POST', '/fork')) as ClusterEndpoint
    assert.deepEqual(await askDone(fork.control, 'GET', '/faults'), before)
    await assert.rejects(create('unlucky', fork), { code: 500 })
    assert.equal((await askDone(fork.control, 'DELETE', `/faults/${id}`)).hits, 2)
    await askDone(fork.control, 'POST', '/reset')
    assert.deepEqual(await askDone(fork.control, 'GET', '/faults'), before)
    await askDone(fork.control, 'POST', '/stop')
    await assert.rejects(create('unlucky'), { code: 500 })
    assert.equal((await askDone(control, 'DELETE', '/faults')).items[0].hits, 2)
    await askDone(control, 'POST', `/snapshots/${snapshot.id}/restore`)
    assert.deepEqual(await askDone(control, 'GET', '/faults'), before)
    assert.equal((await askDone(control, 'DELETE', `/faults/${id}`)).hits, 1)
    await create('lucky')
    await askDone(control, 'DELETE', '/faults')
  })

  test('reset: as it was when it started', async () => {
    await askDone(control, 'POST', '/clock/advance', { duration: '1h' })
    await askDone(control, 'POST', '/reset')
    assert.deepEqual(await names(), [])
  })
})

test('test server: it ends with its forks, and leaves no file', async () => {
  const server = await TestServer.start({ cluster: {} })
  const fork = (await askDone(server.endpoint.control, 'POST', '/fork')) as ClusterEndpoint
  await server[Symbol.asyncDispose]()
  for (const { kubeconfig, url } of [server.endpoint, fork]) {
    await assert.rejects(access(kubeconfig), { code: 'ENOENT' })
    await assert.rejects(fetch(url), TypeError)
  }
})

test('test server: a cluster in a folder is not set back, its forks are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'test-server-'))
  try {
    await using server = await TestServer.start({ cluster: { storage: { sqlite: folder } } })
    const { status, body } = await askControl(server.endpoint.control, 'POST', '/reset')
    assert.deepEqual([status, body.reason], [409, 'Conflict'])
    const fork = (await askDone(server.endpoint.control, 'POST', '/fork')) as ClusterEndpoint
    await askDone(fork.control, 'POST', '/reset')
  } finally {
    await rm(folder, { recursive: true })
  }
})
