/** Why things are as they are: the writes that led to the state of an object, on virtual time. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RecordedWrite } from '#client/why.ts'
import { type Cluster, startCluster } from '#cluster/index.ts'
import type { Story } from '#kubectl/why/story.ts'
import { writerOf } from '#kubectl/why/story-text.ts'
import { podOf } from './pod-of.ts'

/** Seconds since the cluster began, what happened to what, by whom, and what made them do it. */
function line(write: RecordedWrite): string {
  const { object, effect, subresource, cause, time } = write
  const seconds = (Date.parse(time) - Date.UTC(2026, 0, 1)) / 1_000
  const what = `${object.kind} ${object.name} ${effect}${subresource === undefined ? '' : ` (${subresource})`}`
  return `${seconds} ${what} by ${writerOf(write)}${cause?.reason === undefined ? '' : ` because ${cause.reason}`}`
}

/** The last write for which the predicate holds, then those that led to it. */
function chain(story: Story, isMeant: (write: RecordedWrite) => boolean): string[] {
  const write = story.writes.findLast(isMeant)!
  return [write, ...story.causesOf(write)].map(line)
}

const changeOf = ({ changes }: RecordedWrite, path: string) => changes?.find(change => change.path === path)

const setUnschedulable = (cluster: Cluster, name: string, unschedulable: boolean) =>
  cluster.client.patch({ apiVersion: 'v1', kind: 'Node', name }, { type: 'merge', body: { spec: { unschedulable } } })

describe('why', () => {
  test('a pod is evicted ← its toleration is over ← the node is tainted ← and Unknown ← its kubelet fell silent', async () => {
    await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual', seed: 1 })
    const pod = await cluster.client.create(podOf('web'))
    await cluster.until(pod, 'Ready')
    await cluster.clock.advance('25s')
    await cluster.nodes.remove('node-0')
    await cluster.until(pod, current => current?.metadata.deletionTimestamp !== undefined, { timeout: '10m' })
    const story = await cluster.why(pod)
    assert.deepEqual(
      chain(story, ({ effect }) => effect === 'deletion asked'),
      [
        '370 Pod web deletion asked by taint-eviction-controller because its toleration of 5m0s is over',
        '70 Node node-0 changed by node-controller',
        '70 Node node-0 changed (status) by node-controller because nothing was heard of the node for 50s',
        '20 Lease node-0 changed by kubelet of node-0',
      ],
    )
    const asked = story.writes.at(-1)!
    const [tainted, silent] = story.causesOf(asked)
    const taints = tainted!.changes!.map(({ path, after }) => `${path} ${(after as { effect: string } | undefined)?.effect}`)
    assert.deepEqual(taints, ['spec.taints[] NoSchedule', 'spec.taints[] NoExecute'])
    assert.deepEqual(changeOf(silent!, 'status.conditions[Ready].status'), {
      path: 'status.conditions[Ready].status',
      before: 'True',
      after: 'Unknown',
    })
  })

  test('a crash-looping pod: each start and each end has its reason', async () => {
    await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual', seed: 1 })
    cluster.images.define('broken', { exitAfterMs: 2_000, exitCode: 3 })
    const pod = await cluster.client.create(podOf('broken'))
    await cluster.clock.advance('37s')
    const { writes } = await cluster.why(pod)
    const told = writes.filter(({ changes }) => changes?.some(({ path }) => path.includes('[main].state.')))
    assert.deepEqual(told.slice(-6).map(line), [
      '4 Pod broken changed (status) by kubelet of node-0 because container main exited with 3',
      '5 Pod broken changed (status) by kubelet of node-0 because container main waits for the end of its back-off',
      '14 Pod broken changed (status) by kubelet of node-0 because the back-off of 10s of container main is over, container main started',
      '16 Pod broken changed (status) by kubelet of node-0 because container main exited with 3',
      '17 Pod broken changed (status) by kubelet of node-0 because container main waits for the end of its back-off',
      '36 Pod broken changed (status) by kubelet of node-0 because the back-off of 20s of container main is over, container main started',
    ])
    assert.equal(changeOf(told.at(-2)!, 'status.containerStatuses[main].state.waiting.reason')?.after, 'CrashLoopBackOff')
  })

  test('a container is killed and started again ← its liveness probe failed', async () => {
    await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual', seed: 1 })
    let isHealthy = true
    cluster.images.define('web', { http: { '/live': () => ({ status: isHealthy ? 200 : 500 }) } })
    const pod = podOf('web')
    pod.spec.containers[0]!.livenessProbe = { httpGet: { path: '/live', port: 80 }, periodSeconds: 5, failureThreshold: 2 }
    await cluster.until(await cluster.client.create(pod), 'Ready')
    isHealthy = false
    await cluster.clock.advance('6s')
    isHealthy = true
    await cluster.clock.advance('1s')
    const story = await cluster.why(pod)
    const [ended, started] = story.writes.slice(-2)
    const why = 'because the liveness probe of container main failed, container main exited with 0'
    const changed = `5 Pod web changed (status) by kubelet of node-0 ${why}`
    assert.equal(line(ended!), changed)
    assert.equal(line(started!), `${changed}, container main started`)
    const path = 'status.containerStatuses[main].started'
    assert.deepEqual([changeOf(ended!, path)?.after, changeOf(started!, path)?.after], [false, true])
  })

  test('a pod is bound ← the taint of the node is gone ← its administrator uncordoned it', async () => {
    await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual', seed: 1 })
    await setUnschedulable(cluster, 'node-0', true)
    await cluster.clock.advance('1s')
    const pod = await cluster.client.create(podOf('late'))
    await cluster.clock.advance('1m')
    await setUnschedulable(cluster, 'node-0', false)
    await cluster.until(pod, 'Running')
    const story = await cluster.why(pod)
    assert.deepEqual(
      chain(story, ({ subresource }) => subresource === 'binding'),
      [
        '63 Pod late changed (binding) by kube-scheduler because its back-off of 2s is over',
        '61 Node node-0 changed by node-controller',
        '61 Node node-0 changed by kubernetes-admin (coxswain)',
      ],
    )
    const uncordoned = story.causesOf(story.writes.findLast(({ subresource }) => subresource === 'binding')!).at(-1)!
    assert.deepEqual(uncordoned.changes, [{ path: 'spec.unschedulable', before: true }])
  })

  test('the same story in every run of a seed, of a pod that is gone too', async () => {
    const tell = async () => {
      await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual', seed: 7 })
      const pod = await cluster.client.create(podOf('web'))
      await cluster.until(pod, 'Ready')
      await cluster.client.delete(pod)
      await cluster.until(pod, 'Deleted')
      return String(await cluster.why(pod))
    }
    const story = await tell()
    assert.match(
      story,
      /deleted by kubelet of node-\d\n +because container main exited with 0\n +← .* it was marked for deletion by kubernetes-admin \(coxswain\)\n$/,
    )
    assert.equal(await tell(), story)
  })
})
