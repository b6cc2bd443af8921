/** `kill -9` of our process and of containerd, at random moments, while Pods run and writes are under way. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ConfigMap, Pod } from '#api/core/v1/types.gen.ts'
import { isAlreadyExists, isExpired } from '#apimachinery/status/status.ts'
import { RealClock } from '#base/clock.ts'
import { SeededRandom } from '#base/random.ts'
import { HTTPSTransport } from '#client/https-transport.ts'
import { loadKubeconfig, clientConfigOf } from '#client/kubeconfig/load-kubeconfig.ts'
import { RESTClient } from '#client/rest-client.ts'
import { RESTMapper } from '#client/rest-mapper.ts'
import { clusterFolder } from '#cluster/cluster-folder.ts'
import { queryControlStatus } from '#cluster/control-socket.ts'
import { root, useCluster } from '../e2e/cluster.ts'

const kills = 8
const seed = Number(process.env['CRASH_SEED'] ?? 20261121)
const random = new SeededRandom(seed)
const clock = new RealClock()
const { signal } = new AbortController()
const cluster = useCluster(['sample-pod.yaml', 'sample-2pod.yaml'].flatMap(name => ['-f', join(root, 'examples', name)]))

async function newClient(): Promise<RESTClient> {
  const config = await clientConfigOf(await loadKubeconfig([cluster.kubeconfig]))
  const transport = new HTTPSTransport({ ...config, userAgent: 'crash-test' })
  return new RESTClient(transport, new RESTMapper(transport, []))
}

/** The API port takes connections again. */
async function untilServing(): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const client = await newClient()
    const served = await client.list({ apiVersion: 'v1', kind: 'Namespace' }, signal).then(
      () => true,
      () => false,
    )
    if (served) return
    await clock.sleep(50, signal)
  }
  assert.fail('the API server did not come back within 30 s')
}

async function killServer(): Promise<void> {
  const { controlSocket } = await clusterFolder(cluster.dataFolder)
  const status = await queryControlStatus(controlSocket)
  assert.ok(status !== undefined, 'the cluster process runs')
  const socket = connect(controlSocket)
  await new Promise(resolve => socket.once('connect', resolve))
  const ended = new Promise(resolve => socket.once('close', resolve))
  socket.on('error', () => {})
  socket.resume()
  process.kill(status.pid, 'SIGKILL')
  await ended
}

const containersOf = (pods: readonly Pod[]) =>
  Object.fromEntries(
    pods.flatMap(({ metadata, status }) =>
      (status?.containerStatuses ?? []).map(({ name, containerID, restartCount }) => [
        `${metadata.name}/${name}`,
        { containerID, restartCount },
      ]),
    ),
  )

test(`kill -9 of the cluster process ${kills} times (seed ${seed}): nothing acknowledged is lost, no container restarts`, {
  timeout: 280_000,
}, async () => {
  const client = await newClient()
  const pods = async () => (await (await newClient()).list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' }, signal)).items
  const before = containersOf(await pods())
  assert.equal(Object.keys(before).length, 3)
  const acknowledged = new Map<string, string>()
  let count = 0
  for (let round = 0; round < kills; round++) {
    const { metadata } = await client.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' }, signal)
    const writing = new AbortController()
    const writers = Array.from({ length: 8 }, async () => {
      const writer = await newClient()
      while (!writing.signal.aborted) {
        const name = `write-${count++}`
        const object: ConfigMap = {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, namespace: 'default' },
          data: { round: String(round) },
        }
        try {
          const created = await writer.create(object, writing.signal)
          acknowledged.set(name, created.metadata.uid!)
        } catch (error) {
          if (isAlreadyExists(error)) throw error
          return
        }
      }
    })
    await clock.sleep(100 + random.next() * 900, signal)
    await killServer()
    writing.abort()
    await Promise.all(writers)
    await untilServing()

    const survivor = await newClient()
    const { items } = await survivor.list<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' }, signal)
    const present = new Map(items.map(({ metadata: { name, uid } }) => [name, uid]))
    for (const [name, uid] of acknowledged) assert.equal(present.get(name), uid, `round ${round}: ${name} was acknowledged`)
    assert.deepEqual(containersOf(await pods()), before, `round ${round}: the containers run on as they were`)

    // A watch from before the crash goes on without a gap, or is told to list again.
    const seen = new Set<string>()
    const expected = items.filter(({ metadata: { resourceVersion } }) => Number(resourceVersion) > Number(metadata.resourceVersion)).length
    try {
      const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', resourceVersion: metadata.resourceVersion! }
      if (expected > 0) {
        for await (const events of survivor.watch<ConfigMap>(ref, signal)) {
          for (const { object } of events) seen.add(object.metadata.name)
          if (seen.size === expected) break
        }
      }
      assert.equal(seen.size, expected)
    } catch (error) {
      assert.ok(isExpired(error), String(error))
    }
  }
  assert.ok(acknowledged.size > kills * 10, `only ${acknowledged.size} writes were acknowledged`)
  const logs = await cluster.kubectl('1.36', ['exec', 'sample-pod', '--', 'echo', 'still here'])
  assert.equal(logs, 'still here\n')
})

test('kill -9 of containerd: it comes back, the containers run on, new Pods start', { timeout: 120_000 }, async () => {
  const client = await newClient()
  const list = async () => (await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' }, signal)).items
  const before = containersOf(await list())
  const { run } = await clusterFolder(cluster.dataFolder)
  for (let round = 0; round < 3; round++) {
    const { pid } = JSON.parse(await readFile(join(run, 'containerd/containerd.pid'), 'utf8')) as { pid: number }
    process.kill(pid, 'SIGKILL')
    const name = `after-${round}`
    await cluster.kubectl('1.36', ['run', name, '--image=busybox', '--restart=Never', '--', 'true'])
    await cluster.waitFor(`pod/${name}`, 'jsonpath={.status.phase}=Succeeded')
    await cluster.kubectl('1.36', ['delete', 'pod', name])
    assert.deepEqual(containersOf(await list()), before, `round ${round}: the containers run on as they were`)
  }
})

test('logs go on across a kill: a follower that reconnects sees every line once', { timeout: 120_000 }, async () => {
  const script = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done'
  await cluster.kubectl('1.36', ['run', 'counter', '--image=busybox', '--', 'sh', '-c', script])
  await cluster.waitFor('pod/counter', 'condition=Ready')
  await killServer()
  await untilServing()
  await clock.sleep(1_000, signal)
  const lines = (await cluster.kubectl('1.36', ['logs', 'counter'])).trimEnd().split('\n').map(Number)
  assert.deepEqual(
    lines,
    Array.from({ length: lines.length }, (_, index) => index + 1),
  )
  assert.equal(await cluster.jsonPath('pod/counter', '.status.containerStatuses[0].restartCount'), '0')
  await cluster.kubectl('1.36', ['delete', 'pod', 'counter', '--grace-period=0', '--force'])
})
