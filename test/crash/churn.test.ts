/** `kill -9` at random moments while Pods start, end and pull images. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { RealClock } from '#base/clock.ts'
import { SeededRandom } from '#base/random.ts'
import type { RESTClient } from '#client/rest-client.ts'
import { clusterFolder } from '#cluster/cluster-folder.ts'
import { connectRuntime } from '#cri/remote/connect.ts'
import { root, useCluster } from '../e2e/cluster.ts'
import { untilSound } from './invariants.ts'
import { killContainerd, killServer, newClient, untilServing } from './processes.ts'

const seed = Number(process.env['CRASH_SEED'] ?? 20261122)
const random = new SeededRandom(seed)
const clock = new RealClock()
const { signal } = new AbortController()
const counting = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done'
const cluster = useCluster(['-f', join(root, 'examples/sample-2pod.yaml')], async started => {
  await started.kubectl('1.36', ['run', 'counter', '--image=busybox', '--', 'sh', '-c', counting])
  await started.waitFor('pod/counter', 'condition=Ready')
  await started.kubectl('1.36', ['create', 'configmap', 'churn', '--from-literal=a=b'])
})

const between = (fewest: number, most: number) => fewest + random.next() * (most - fewest)

/** Everything that a Pod can have on this node: two containers, an init container, volumes of every kind, an image that must be pulled. */
function busyPod(name: string): Pod {
  const script = "trap 'exit 0' TERM; while :; do sleep 0.05; done"
  const mounts = ['memory', 'disk', 'config'].map(volume => ({ name: volume, mountPath: `/mnt/${volume}` }))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { run: 'churn' } },
    spec: {
      terminationGracePeriodSeconds: 2,
      initContainers: [{ name: 'first', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['true'] }],
      containers: [
        { name: 'one', image: 'busybox', imagePullPolicy: 'Always', command: ['sh', '-c', script], volumeMounts: mounts },
        { name: 'two', image: 'redis', imagePullPolicy: 'IfNotPresent' },
      ],
      volumes: [
        { name: 'memory', emptyDir: { medium: 'Memory' } },
        { name: 'disk', emptyDir: {} },
        { name: 'config', configMap: { name: 'churn' } },
      ],
    },
  }
}

/** So that the next Pod pulls it, unless another one still uses it. */
async function forgetImage(): Promise<void> {
  const { run } = await clusterFolder(cluster.dataFolder)
  using connection = connectRuntime({ socketPath: join(run, 'containerd/containerd.sock'), clock })
  await connection.runtime.removeImage({ image: { image: 'docker.io/library/redis:latest' } }, signal)
}

async function steadyContainers(client: RESTClient): Promise<Record<string, unknown>> {
  const { items } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' }, signal)
  return Object.fromEntries(
    items
      .filter(({ metadata }) => metadata.labels?.['run'] !== 'churn')
      .flatMap(({ metadata, status }) =>
        (status?.containerStatuses ?? []).map(({ name, containerID, restartCount }) => [
          `${metadata.name}/${name}`,
          { containerID, restartCount },
        ]),
      ),
  )
}

/** Pods are made and deleted while `disturb` does its worst. */
async function churn(rounds: number, what: string, disturb: () => Promise<void>): Promise<void> {
  const before = await steadyContainers(await newClient(cluster))
  let living: string[] = []
  for (let round = 0; round < rounds; round++) {
    const client = await newClient(cluster)
    await forgetImage()
    const next = ['a', 'b', 'c'].map(letter => `${what}-${round}-${letter}`)
    for (const name of next) await client.create(busyPod(name), signal)
    for (const name of living) await client.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name }, signal)
    await clock.sleep(between(0, 1_200), signal)
    await disturb()
    await untilServing(cluster)
    await untilSound(cluster, `${what}, round ${round}, seed ${seed}`)
    const after = await newClient(cluster)
    assert.deepEqual(await steadyContainers(after), before, `${what}, round ${round}: what ran runs on as it was`)
    const { items } = await after.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' }, signal)
    const names = items.filter(({ metadata }) => metadata.labels?.['run'] === 'churn').map(({ metadata }) => metadata.name)
    assert.deepEqual(names, next, `${what}, round ${round}: every Pod acknowledged is there, every one deleted is gone`)
    living = next
  }
  const client = await newClient(cluster)
  for (const name of living) await client.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name }, signal)
  await untilSound(cluster, `${what}, at the end`)
}

let containerdKills = 0

async function killRuntime(): Promise<void> {
  containerdKills++
  await killContainerd(cluster)
}

/**
 * The log has every number once: nothing is lost, nothing comes twice. Only what containerd had taken out of the container's pipe and not
 * written yet dies with it: one gap for each kill, at most.
 */
async function assertCounted(): Promise<void> {
  const numbers = (await cluster.kubectl('1.36', ['logs', 'counter'])).trimEnd().split('\n').map(Number)
  const gaps: string[] = []
  for (const [index, number] of numbers.entries()) {
    const before = index === 0 ? 0 : numbers[index - 1]!
    assert.ok(number > before, `after ${before} the log has ${number}`)
    if (number !== before + 1) gaps.push(`after ${before} the log has ${number}`)
  }
  assert.ok(gaps.length <= containerdKills, `${containerdKills} kills of containerd, and ${gaps.join(', ')}`)
  assert.ok(numbers.length > 100)
}

test('kill -9 of the cluster process while Pods come and go', { timeout: 120_000 }, async () => {
  await churn(5, 'server', () => killServer(cluster))
  await assertCounted()
})

test('kill -9 of the cluster process, and again while it starts', { timeout: 120_000 }, async () => {
  await churn(4, 'twice', async () => {
    await killServer(cluster)
    await clock.sleep(between(0, 900), signal)
    await killServer(cluster)
  })
  await assertCounted()
})

test('kill -9 of containerd while Pods come and go', { timeout: 120_000 }, async () => {
  await churn(6, 'containerd', killRuntime)
  await assertCounted()
})

test('kill -9 of both, and of containerd again', { timeout: 120_000 }, async () => {
  await churn(4, 'both', async () => {
    await killRuntime()
    await clock.sleep(between(0, 100), signal)
    await killServer(cluster)
    await killRuntime()
  })
  await assertCounted()
})
