import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCluster } from './start-cluster.ts'

test('until: a state that passes counts, though time did not move', async () => {
  await using cluster = await startCluster({ clock: 'virtual', controllers: [] })
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'light' } } as const
  await cluster.client.create({ ...map, data: { color: 'green' } })
  const amber = cluster.until(map, now => now?.data?.['color'] === 'amber')
  for (const color of ['amber', 'red']) await cluster.client.update({ ...map, data: { color } })
  assert.equal((await amber).data?.['color'], 'amber')
})

test('until: what the predicate throws comes out', async () => {
  await using cluster = await startCluster({ clock: 'virtual', controllers: [] })
  const bug = new Error('bug')
  const asked = cluster.until({ apiVersion: 'v1', kind: 'Namespace', name: 'default' }, () => {
    throw bug
  })
  await assert.rejects(asked, error => error === bug)
})

test('until: goes on when the API server fails, refuses, or restarts', async () => {
  await using cluster = await startCluster({ clock: 'virtual', controllers: [] })
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } } as const
  for (const code of [429, 500, 503, 504] as const) cluster.faults.requests.fail({ verb: 'list', resource: 'configmaps' }, code)
  const late = cluster.until(map, 'Exists')
  await cluster.clock.advance('10s')
  cluster.faults.stopAPIServer()
  await cluster.clock.advance('10s')
  await cluster.faults.startAPIServer()
  await cluster.client.create(map)
  assert.equal((await late)?.metadata.name, 'late')
  const refused = cluster.faults.requests.fail({ verb: 'list', resource: 'configmaps' }, 409)
  await assert.rejects(cluster.until(map, 'Deleted'), { code: 409 })
  assert.equal(refused.hits, 1)
})

test('until: what is waited for in vain is told with what there is instead', async () => {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  const spec = { containers: [{ name: 'main', image: 'web' }] }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'kube-public' }, spec } as const
  await cluster.client.create(pod)
  await assert.rejects(
    cluster.until(pod, 'ready'),
    /^DeadlineExceeded: Pod kube-public\/web was not ready within 5m; its status: \{.*\}\nready is neither a phase nor one of its conditions, which are .*Ready.*/,
  )
  await assert.rejects(
    cluster.until({ apiVersion: 'v1', kind: 'Pod', name: 'web' }, 'Ready'),
    /^DeadlineExceeded: Pod default\/web was not Ready within 5m; there is no such object, but one of that name in namespace kube-public$/,
  )
  const big = {
    ...pod,
    metadata: { name: 'big' },
    spec: { containers: [{ ...spec.containers[0], resources: { requests: { cpu: '99' } } }] },
  }
  await cluster.client.create(big)
  await assert.rejects(
    cluster.until(big, 'Ready'),
    /^DeadlineExceeded: Pod default\/big was not Ready within 5m; its status: .*Unschedulable.*$/,
  )
  await assert.rejects(cluster.until({ apiVersion: 'v1', kind: 'Node', name: 'node-9' }, 'Ready'), /; there is no such object$/)
})

test('until: what makes no sense is refused at once', async () => {
  await using cluster = await startCluster({ clock: 'virtual', controllers: [] })
  const ref = { apiVersion: 'v1', kind: 'Namespace', name: 'default' } as const
  const before = cluster.clock.now()
  await assert.rejects(cluster.until(ref, undefined as never), /^TypeError: what is waited for must be a condition .* not undefined$/)
  await assert.rejects(cluster.until(ref, (async () => true) as never), /^TypeError: the predicate answered a promise/)
  await assert.rejects(cluster.until({ apiVersion: 'v1', kind: 'Pod' } as never, 'Ready'), /^TypeError: no Pod is named: want/)
  await assert.rejects(cluster.until('web' as never, 'Ready'), /^TypeError: apiVersion and kind are missing: want .*, not "web"$/)
  assert.equal(cluster.clock.now(), before)
})

for (const clock of ['virtual', 'real'] as const) {
  test(`until: ends when the cluster is stopped, and so does all that waits: ${clock} clock`, async () => {
    const cluster = await startCluster({ clock, controllers: [] })
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'never' } } as const
    const options = { timeout: Number.POSITIVE_INFINITY }
    const forgotten = assert.rejects(
      cluster.until(map, 'Exists', options),
      /^ClusterStopped: ConfigMap default\/never was not Exists when the cluster was stopped: is an await missing\?$/,
    )
    const alsoForgotten = assert.rejects(
      cluster.clock.runUntil(() => false, options),
      /^ClusterStopped: the cluster was stopped$/,
    )
    await cluster.stop()
    await forgotten
    await alsoForgotten
    await assert.rejects(cluster.until(map, 'Exists'), { name: 'ClusterStopped' })
    await assert.rejects(cluster.clock.advance('1s'), { name: 'ClusterStopped' })
    await assert.rejects(cluster.addNodes({ count: 1 }), { name: 'ClusterStopped' })
    await assert.rejects(cluster.fork(), { name: 'ClusterStopped' })
    const refused = { name: 'StatusError', code: 503, message: 'the cluster was stopped' }
    await assert.rejects(cluster.client.create(map), refused)
    await assert.rejects(cluster.client.logs({ name: 'web' }), refused)
    await assert.rejects(cluster.client.exec({ name: 'web' }, ['date']), refused)
    await assert.rejects(cluster.why(map), refused)
    await cluster.stop()
  })
}
