/** Simulated nodes and this machine, with real containers, in one cluster: Pods on both do the same, and nothing is left of it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Cluster, type Pod, type PodSpec, startCluster } from 'coxswain'
import { expectPod } from 'coxswain/testing'
import { noTraces, tracesOf } from '../e2e/machine-state.ts'

const runtimes = ['containerd', 'simulated'] as const
type Runtime = (typeof runtimes)[number]

const nodeName = `real-${randomBytes(4).toString('hex')}`
let cluster: Cluster
let dataFolder: string

before(
  async () => {
    cluster = await startCluster({
      nodes: [
        { runtime: 'containerd', count: 1, name: nodeName, labels: { runtime: 'containerd' }, offline: true },
        { count: 2, labels: { runtime: 'simulated' } },
      ],
    })
    dataFolder = await folderOf(nodeName)
  },
  { timeout: 280_000 },
)
after(() => cluster?.stop())

/** Where the node keeps its things: its name is in the record there. */
async function folderOf(name: string): Promise<string> {
  const folders = (await readdir(tmpdir())).filter(entry => entry.startsWith('coxswain-')).map(entry => join(tmpdir(), entry))
  const records = await Promise.all(folders.map(folder => readFile(join(folder, 'cluster.json'), 'utf8').catch(() => '')))
  return folders[records.findIndex(record => record.includes(name))]!
}

function podOn(runtime: Runtime, name: string, script: string, spec: Partial<PodSpec> = {}): Pod {
  const containers = [{ name: 'main', image: 'busybox', command: ['sh', '-c', script] }]
  const labels = { runtime }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${name}-${runtime}`, labels },
    spec: { nodeSelector: labels, containers, terminationGracePeriodSeconds: 1, ...spec },
  }
}

/** What one sees of a container that crashes at once, step by step, until it waits for 40 seconds. */
async function crashLoop(pod: Pod): Promise<unknown[]> {
  await cluster.client.create(pod)
  const steps: unknown[] = []
  for (const wait of ['10s', '20s', '40s']) {
    const isWaiting = (now?: Pod) => now?.status?.containerStatuses?.[0]?.state?.waiting?.message?.startsWith(`back-off ${wait} `) === true
    const { status } = await cluster.until({ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name! }, isWaiting)
    const { state, lastState, restartCount } = status!.containerStatuses![0]!
    const { exitCode, reason } = lastState!.terminated!
    steps.push({ phase: status?.phase, waits: state?.waiting?.reason, restartCount, exitCode, reason })
  }
  await expectPod(cluster, pod).toHaveEvent('BackOff', 'Back-off restarting failed container main')
  return steps
}

describe('a cluster with real and simulated nodes', { concurrency: true }, () => {
  test('each node says what it runs, and what it is', async () => {
    const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'Node' })
    const seen = items.map(({ metadata, status }) => [metadata.name, status?.nodeInfo?.containerRuntimeVersion?.replace(/\d.*$/, '')])
    assert.deepEqual(seen, [
      ['node-0', 'simulated://'],
      ['node-1', 'simulated://'],
      [nodeName, 'containerd://'],
    ])
    const [real] = items.slice(-1)
    assert.equal(real?.metadata.labels?.['runtime'], 'containerd')
    await assert.rejects(cluster.addNodes({ runtime: 'containerd', count: 1 }), /this machine can be only one/)
  })

  for (const runtime of runtimes)
    test(`${runtime}: a Pod runs, logs, answers to exec, ends`, async () => {
      const pod = await cluster.client.create(podOn(runtime, 'web', 'echo hello; sleep 1000'))
      const { spec } = await expectPod(cluster, pod).toBecomeReady()
      assert.equal(spec.nodeName === nodeName, runtime === 'containerd')
      await expectPod(cluster, pod).toLog('hello')
      const name = pod.metadata.name!
      assert.deepEqual(await cluster.client.exec({ name }, ['sh', '-c', 'echo out; exit 3']), { exitCode: 3, stdout: 'out\n', stderr: '' })
      await cluster.client.delete(pod)
      await expectPod(cluster, pod).toBeDeleted()
      const failing = await cluster.client.create(podOn(runtime, 'failing', 'echo broken; exit 4', { restartPolicy: 'Never' }))
      await expectPod(cluster, failing).toFail(4)
      assert.equal(await expectPod(cluster, failing).toLog('broken'), 'broken\n')
    })

  test('a container that crashes goes through the same states on both', async () => {
    const [real, simulated] = await Promise.all(runtimes.map(runtime => crashLoop(podOn(runtime, 'crasher', 'exit 1'))))
    const step = { phase: 'Running', waits: 'CrashLoopBackOff', exitCode: 1, reason: 'Error' }
    assert.deepEqual(
      simulated,
      [1, 2, 3].map(restartCount => ({ ...step, restartCount })),
    )
    assert.deepEqual(real, simulated)
  })
})

test('stopped, the cluster leaves nothing on the machine', async () => {
  await cluster.stop()
  assert.deepEqual(await tracesOf(dataFolder), noTraces)
})
