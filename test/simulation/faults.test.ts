/** Whole clusters in which something goes wrong: once it stops, everything is as it should be, and no part has broken. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Cluster, type ClusterFaults, startCluster } from '#cluster/index.ts'
import { shortPod } from './short-pod.ts'

const always = { times: Number.POSITIVE_INFINITY }
const pods = { apiVersion: 'v1', kind: 'Pod' } as const

async function create(cluster: Cluster, ...names: string[]): Promise<void> {
  for (const name of names) await cluster.client.create(shortPod(name))
}

/** Within ten minutes everything is there that was created and not deleted, Ready, and nothing else. */
async function reaches(cluster: Cluster, names: string[]): Promise<void> {
  const wanted = [...names].sort().join()
  await cluster.clock.runUntil(
    async () => {
      const { items } = await cluster.client.list(pods)
      const ready = items.filter(({ status }) => status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
      return items.length === names.length && ready.map(({ metadata }) => metadata.name).join() === wanted
    },
    { timeout: '10m' },
  )
}

/** Faults of other programs than the test's own client, which has to see what goes on. */
const others = { program: ['kubelet', 'kube-scheduler', 'kube-controller-manager'] }
const writes = ['create', 'update', 'patch', 'delete']

const requestFaults: Record<string, (faults: ClusterFaults) => void> = {
  'every write is a conflict': ({ requests }) => requests.fail({ ...others, verb: writes }, 409, always),
  'every write fails': ({ requests }) => requests.fail({ ...others, verb: writes }, 500, always),
  'every write is done, and answered with 500': ({ requests }) =>
    requests.fail({ ...others, verb: writes }, 500, { ...always, when: 'after' }),
  'every write is done, and the answer gets lost': ({ requests }) =>
    requests.disconnect({ ...others, verb: writes }, { ...always, when: 'after' }),
  'every request gets 429': ({ requests }) => requests.fail(others, 429, { ...always, retryAfterSeconds: 5 }),
  'every request gets 503': ({ requests }) => requests.fail(others, 503, always),
  'every request gets 504': ({ requests }) => requests.fail(others, 504, always),
  'every request gets 410': ({ requests }) => requests.fail(others, 410, always),
  'every request loses its connection': ({ requests }) => requests.disconnect(others, always),
  'every request takes 20 s': ({ requests }) => requests.delay(others, 20_000, always),
  'every answer takes 20 s': ({ requests }) => requests.delay(others, 20_000, { ...always, when: 'after' }),
  'reads stand still': ({ requests }) => requests.serveStale(others, always),
  'reads lag by 30 revisions': ({ requests }) => requests.serveStale(others, { ...always, behind: 30 }),
}

const watchFaults: Record<string, (faults: ClusterFaults) => void> = {
  'every event comes a minute late': ({ watches }) => watches.delay(others, 60_000, always),
  'watches break, and lists fail with 500': ({ requests, watches }) => {
    requests.fail({ ...others, verb: 'list' }, 500, always)
    watches.disconnect(others)
  },
  'watches end with 410, and lists are stale': ({ requests, watches }) => {
    requests.serveStale({ ...others, verb: 'list' }, { ...always, behind: 20 })
    watches.expire(others)
  },
  'watches get 429 for a while': ({ requests, watches }) => {
    requests.fail({ ...others, verb: 'watch' }, 429, { ...always, retryAfterSeconds: 3 })
    watches.disconnect(others)
  },
}

describe('faults of the API server', () => {
  for (const [name, order] of Object.entries({ ...requestFaults, ...watchFaults })) {
    test(name, async () => {
      await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual', seed: 1 })
      await create(cluster, 'a', 'b', 'c')
      await reaches(cluster, ['a', 'b', 'c'])
      order(cluster.faults)
      await create(cluster, 'd', 'e')
      await cluster.client.delete({ ...pods, name: 'a' })
      await cluster.clock.advance('2m')
      await cluster.faults.clear()
      await cluster.client.delete({ ...pods, name: 'b' })
      await create(cluster, 'f')
      await reaches(cluster, ['c', 'd', 'e', 'f'])
    })
  }
})

test('an event that gets lost is seen by nobody: the scheduler does not know of the Pod until it lists again', async () => {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual', seed: 1 })
  const lost = cluster.faults.watches.drop({ program: 'kube-controller-manager', resource: 'pods', name: 'a' }, always)
  await create(cluster, 'a')
  await cluster.clock.advance('30m')
  assert.ok(lost.hits > 0)
  assert.equal((await cluster.client.get({ ...pods, name: 'a' })).spec.nodeName, undefined)
  lost[Symbol.dispose]()
  cluster.faults.watches.expire({ program: 'kube-controller-manager', resource: 'pods' })
  await reaches(cluster, ['a'])
})
