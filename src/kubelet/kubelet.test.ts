import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Lease } from '#api/coordination/v1/types.gen.ts'
import type { Event, Node, Pod, PodStatus } from '#api/core/v1/types.gen.ts'
import { VirtualClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { NamespaceMode } from '#cri/gen/runtime.gen.ts'
import { SeededRandom } from '#base/random.ts'
import { MemoryLogStore, SimulatedNetwork } from '#cri/simulated/index.ts'
import { MemoryHostFiles } from './host/memory-host-files.ts'
import { type Kubelet, simulatedHost, startKubelet } from './index.ts'
import { limits } from './limits.ts'
import { MemoryAPI } from './testing/memory-api.ts'
import { MemoryRuntime } from './testing/memory-runtime.ts'

interface World {
  clock: VirtualClock
  api: MemoryAPI
  runtime: MemoryRuntime
  files: MemoryHostFiles
  start(): Kubelet
  pod(name: string): Pod | undefined
  events(): string[]
}

async function withWorld(body: (world: World) => Promise<void>): Promise<void> {
  const clock = new VirtualClock()
  const api = new MemoryAPI()
  const runtime = new MemoryRuntime(clock)
  runtime.registry.add('web:1')
  const files = new MemoryHostFiles()
  const started: Kubelet[] = []
  const start = () => {
    const kubelet = startKubelet(
      {
        nodeName: 'node-1',
        client: api,
        runtime: runtime.service,
        images: runtime.images,
        host: simulatedHost(
          { cpus: 4, memoryBytes: 8 * 1024 ** 3 },
          { network: new SimulatedNetwork({ clock }), logs: new MemoryLogStore(), files },
        ),
        clock,
        random: new SeededRandom(1),
        log: silentLogger,
        rootDirectory: '/kubelet',
        podLogsDirectory: '/logs',
        nodeIPs: ['192.0.2.1'],
        version: 'v1.36.4',
      },
      new AbortController().signal,
    )
    started.push(kubelet)
    return kubelet
  }
  const pod = (name: string) => api.all<Pod>('Pod').find(each => each.metadata.name === name)
  const events = () =>
    api.all<Event>('Event').map(({ reason, message, count }) => `${reason}: ${message}${count === 1 ? '' : ` x${count}`}`)
  try {
    await body({ clock, api, runtime, files, start, pod, events })
  } finally {
    for (const kubelet of started) await kubelet[Symbol.asyncDispose]()
  }
}

function podObject(spec: Partial<Pod['spec']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u1', generation: 1 },
    spec: {
      nodeName: 'node-1',
      containers: [{ name: 'main', image: 'web:1' }],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      ...spec,
    },
  }
}

function conditionsOf(pod: Pod | undefined): string {
  return (pod?.status?.conditions ?? []).map(({ type, status }) => `${type}=${status}`).join(' ')
}

/** What the pod's first container was reported to be, each time another thing, with its restarts. */
function shownStatuses(api: MemoryAPI): string[] {
  const shown = api.statusWrites.map(({ status }) => {
    const { state, restartCount } = (status as PodStatus).containerStatuses![0]!
    return `${state?.waiting?.reason ?? state?.terminated?.reason ?? 'running'} ${restartCount}`
  })
  return shown.filter((text, index) => text !== shown[index - 1])
}

describe('kubelet', () => {
  test('a node is registered Ready at once', () =>
    withWorld(async ({ clock, api, start }) => {
      const kubelet = start()
      await clock.advance(0)
      await kubelet.ready
      const [node] = api.all<Node>('Node')
      assert.equal(
        node?.status?.conditions?.map(({ type, status }) => `${type}=${status}`).join(' '),
        'MemoryPressure=False DiskPressure=False PIDPressure=False Ready=True',
      )
      assert.equal(node?.metadata.labels?.['kubernetes.io/hostname'], 'node-1')
    }))

  test('the node owns its lease, which is made once the node is there, and renewed ten seconds later', () =>
    withWorld(async ({ clock, api, start }) => {
      start()
      await clock.advance(100)
      const [node] = api.all<Node>('Node')
      const leases = () => api.all<Lease>('Lease').map(({ metadata, spec }) => [metadata.name, metadata.ownerReferences, spec.renewTime])
      const owner = [{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: node!.metadata.uid }]
      assert.deepEqual(leases(), [['node-1', owner, '2026-01-01T00:00:00.000000Z']])
      await clock.advance(10_000)
      assert.deepEqual(leases(), [['node-1', owner, '2026-01-01T00:00:10.000000Z']])
    }))

  test('a lease that nobody owns gets its owner as it is renewed', () =>
    withWorld(async ({ clock, api, start }) => {
      const spec = { holderIdentity: 'node-1', leaseDurationSeconds: 40 }
      api.put({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'node-1', namespace: 'kube-node-lease' }, spec })
      start()
      await clock.advance(10_100)
      const [node] = api.all<Node>('Node')
      assert.equal(api.all<Lease>('Lease')[0]?.metadata.ownerReferences?.[0]?.uid, node!.metadata.uid)
    }))

  test('a node whose network comes up late is NotReady, then Ready', () =>
    withWorld(async ({ clock, api, runtime, start }) => {
      runtime.networkReady = false
      start()
      await clock.advance(20)
      const ready = () => api.all<Node>('Node')[0]?.status?.conditions?.find(({ type }) => type === 'Ready')
      assert.match(ready()?.message ?? '', /^container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady/)
      runtime.networkReady = true
      await clock.advance(100)
      assert.equal(ready()?.status, 'True')
    }))

  test('a pod runs, and goes when it is deleted', () =>
    withWorld(async ({ clock, api, runtime, start, pod, events }) => {
      start()
      api.put(podObject())
      await clock.advance(100)
      assert.equal(pod('web')?.status?.phase, 'Running')
      assert.equal(
        conditionsOf(pod('web')),
        'PodReadyToStartContainers=True Initialized=True Ready=True ContainersReady=True PodScheduled=True',
      )
      assert.equal(pod('web')?.status?.podIP, '10.0.0.1')
      assert.equal(pod('web')?.status?.containerStatuses?.[0]?.containerID, 'memory://container-2')
      assert.deepEqual(runtime.calls, ['pullImage web:1', 'runPodSandbox', 'createContainer main', 'startContainer main'])
      api.put({
        ...pod('web')!,
        metadata: { ...pod('web')!.metadata, deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 },
      })
      await clock.advance(100)
      assert.equal(pod('web'), undefined)
      assert.deepEqual(runtime.calls.slice(4), ['stopContainer main 30', 'stopPodSandbox', 'removePodSandbox'])
      const ofPod = events().filter(text => !text.includes('Node') && !text.includes('kubelet'))
      assert.deepEqual(ofPod, [
        'Pulling: Pulling image "web:1"',
        'Pulled: Successfully pulled image "web:1" in 0s (0s including waiting). Image size: 7 bytes.',
        'Created: Container created',
        'Started: Container started',
        'Killing: Stopping container main',
      ])
    }))

  test('a status or a deletion that is refused as a conflict is tried again', () =>
    withWorld(async ({ clock, api, start, pod }) => {
      start()
      await clock.advance(100)
      api.put(podObject())
      api.conflicts = 2
      await clock.advance(1_000)
      assert.deepEqual([api.conflicts, pod('web')?.status?.phase], [0, 'Running'])
      const { metadata } = pod('web')!
      api.put({ ...pod('web')!, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 } })
      // The last status, then the deletion.
      api.conflicts = 2
      await clock.advance(60_000)
      assert.deepEqual([api.conflicts, pod('web')], [0, undefined])
    }))

  test('what others write into the status of a running pod is put right; the end that they tell is final', () =>
    withWorld(async ({ clock, api, runtime, start, pod }) => {
      start()
      api.put(podObject())
      await clock.advance(100)
      const conditions = pod('web')!.status!.conditions!.map(each => (each.type === 'Ready' ? { ...each, status: 'False' } : each))
      api.put({ ...pod('web')!, status: { ...pod('web')!.status!, conditions } })
      await clock.advance(100)
      assert.match(conditionsOf(pod('web')), / Ready=True /)
      const writes = api.statusWrites.length
      await clock.advance(60_000)
      assert.equal(api.statusWrites.length, writes, 'once is enough')
      api.put({ ...pod('web')!, status: { ...pod('web')!.status!, phase: 'Failed', reason: 'NodeLost' } })
      await clock.advance(60_000)
      assert.deepEqual([pod('web')?.status?.phase, pod('web')?.status?.reason], ['Failed', 'NodeLost'])
      assert.ok(runtime.calls.includes('stopContainer main 30'), runtime.calls.join())
    }))

  test('a pod with a readiness gate is ready when somebody else opens it', () =>
    withWorld(async ({ clock, api, start, pod }) => {
      start()
      api.put(podObject({ readinessGates: [{ conditionType: 'example.com/open' }] }))
      await clock.advance(100)
      assert.match(conditionsOf(pod('web')), /ContainersReady=True/)
      assert.match(conditionsOf(pod('web')), / Ready=False/)
      const { status, ...rest } = pod('web')!
      const conditions = [...(status?.conditions ?? []), { type: 'example.com/open', status: 'True' }]
      api.put({ ...rest, status: { ...status, conditions } })
      await clock.advance(100)
      assert.match(conditionsOf(pod('web')), / Ready=True/)
    }))

  test('a crashing container is restarted at once, then after ten, twenty … seconds', () =>
    withWorld(async ({ clock, api, runtime, start, pod, events }) => {
      start()
      api.put(podObject())
      await clock.advance(100)
      const status = () => pod('web')?.status?.containerStatuses?.[0]
      runtime.exit('main', 3)
      await clock.advance(100)
      assert.equal(status()?.restartCount, 1)
      assert.ok(status()?.state?.running)
      assert.equal(status()?.lastState?.terminated?.exitCode, 3)
      runtime.exit('main', 4)
      await clock.advance(100)
      assert.equal(status()?.state?.terminated?.exitCode, 4)
      await clock.advance(2_000)
      assert.deepEqual(status()?.state?.waiting, {
        reason: 'CrashLoopBackOff',
        message: 'back-off 10s restarting failed container=main pod=web_default(u1)',
      })
      assert.ok(events().includes('BackOff: Back-off restarting failed container main in pod web_default(u1)'))
      await clock.advance(8_000)
      assert.equal(status()?.restartCount, 2)
      runtime.exit('main', 4)
      await clock.advance(19_000)
      assert.match(status()?.state?.waiting?.message ?? '', /^back-off 20s/)
      await clock.advance(1_100)
      assert.equal(status()?.restartCount, 3)
      assert.equal(runtime.containers.size, 2, 'one container is kept for --previous')
      assert.deepEqual(shownStatuses(api), [
        'running 0',
        'Error 0',
        'running 1',
        'Error 1',
        'CrashLoopBackOff 1',
        'running 2',
        'Error 2',
        'CrashLoopBackOff 2',
        'running 3',
      ])
    }))

  test('a crashing container whose image is corrected starts at once', () =>
    withWorld(async ({ clock, api, runtime, start, pod }) => {
      start()
      api.put(podObject())
      await clock.advance(100)
      for (let crash = 0; crash < 2; crash++) {
        runtime.exit('main', 1)
        await clock.advance(2_000)
      }
      const status = () => pod('web')?.status?.containerStatuses?.[0]
      assert.equal(status()?.state?.waiting?.reason, 'CrashLoopBackOff')
      runtime.registry.add('web:2')
      api.put({ ...pod('web')!, spec: podObject({ containers: [{ name: 'main', image: 'web:2' }] }).spec })
      await clock.advance(100)
      assert.ok(status()?.state?.running)
      assert.equal(status()?.restartCount, 2)
      runtime.exit('main', 1)
      await clock.advance(2_000)
      assert.match(status()?.state?.waiting?.message ?? '', /^back-off 10s/)
    }))

  test('restartPolicy Never: the exit code decides how the pod ends', () =>
    withWorld(async ({ clock, api, runtime, start, pod }) => {
      start()
      api.put(podObject({ restartPolicy: 'Never' }))
      await clock.advance(100)
      runtime.exit('main', 0)
      await clock.advance(100)
      assert.equal(pod('web')?.status?.phase, 'Succeeded')
      assert.equal(pod('web')?.status?.containerStatuses?.[0]?.state?.terminated?.reason, 'Completed')
      assert.deepEqual(runtime.calls.slice(-1), ['stopPodSandbox'])
      assert.equal(runtime.containers.size, 1, 'its log can still be read')
    }))

  test('an image that cannot be pulled', () =>
    withWorld(async ({ clock, api, start, pod, runtime, events }) => {
      start()
      api.put(podObject({ containers: [{ name: 'main', image: 'nope:1' }] }))
      await clock.advance(100)
      const waiting = () => pod('web')?.status?.containerStatuses?.[0]?.state?.waiting
      assert.equal(waiting()?.reason, 'ErrImagePull')
      await clock.advance(2_000)
      assert.equal(waiting()?.reason, 'ImagePullBackOff')
      assert.match(
        waiting()?.message ?? '',
        /^Back-off pulling image "nope:1": ErrImagePull: rpc error: code = NotFound desc = failed to pull/,
      )
      assert.ok(events().includes('BackOff: Back-off pulling image "nope:1"'))
      runtime.registry.add('nope:1')
      await clock.advance(8_100)
      assert.equal(pod('web')?.status?.phase, 'Running')
    }))

  test('after a restart of the kubelet nothing is started again', () =>
    withWorld(async ({ clock, api, runtime, start, pod }) => {
      const first = start()
      api.put(podObject())
      await clock.advance(100)
      runtime.exit('main', 1)
      await clock.advance(100)
      await first[Symbol.asyncDispose]()
      const before = { calls: runtime.calls.length, status: pod('web')?.status }
      start()
      await clock.advance(5_000)
      assert.equal(runtime.calls.length, before.calls)
      assert.deepEqual(pod('web')?.status, before.status)
    }))

  test('a pod that comes back while it is being stopped, because the server was behind, runs again', () =>
    withWorld(async ({ clock, api, runtime, start, pod }) => {
      start()
      const seen = api.put(podObject())
      await clock.advance(100)
      api.remove({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web' })
      api.put(seen)
      await clock.advance(100)
      assert.deepEqual(runtime.calls.slice(4, 7), ['stopContainer main 30', 'stopPodSandbox', 'removePodSandbox'])
      assert.equal(pod('web')?.status?.phase, 'Running')
      assert.equal(runtime.containers.size, 1)
    }))

  test('a pod that vanished while the kubelet was away is stopped and removed', () =>
    withWorld(async ({ clock, api, runtime, start }) => {
      const first = start()
      api.put(podObject())
      await clock.advance(100)
      await first[Symbol.asyncDispose]()
      api.remove({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web' })
      start()
      await clock.advance(2_000)
      assert.deepEqual(runtime.calls.slice(-3), ['stopContainer main 30', 'stopPodSandbox', 'removePodSandbox'])
      assert.equal(runtime.sandboxes.size, 0)
    }))

  test('init containers run to their end one after the other', () =>
    withWorld(async ({ clock, api, runtime, start, pod }) => {
      start()
      api.put(
        podObject({
          initContainers: [
            { name: 'one', image: 'web:1' },
            { name: 'two', image: 'web:1' },
          ],
        }),
      )
      await clock.advance(100)
      assert.equal(pod('web')?.status?.phase, 'Pending')
      assert.deepEqual(pod('web')?.status?.containerStatuses?.[0]?.state?.waiting, { reason: 'PodInitializing' })
      runtime.exit('one', 0)
      await clock.advance(100)
      runtime.exit('two', 0)
      await clock.advance(100)
      assert.equal(pod('web')?.status?.phase, 'Running')
      assert.deepEqual(
        runtime.calls.filter(call => call.startsWith('start')),
        ['startContainer one', 'startContainer two', 'startContainer main'],
      )
      assert.equal(
        conditionsOf(pod('web')),
        'PodReadyToStartContainers=True Initialized=True Ready=True ContainersReady=True PodScheduled=True',
      )
    }))

  test('an ephemeral container joins the processes of its target', () =>
    withWorld(async ({ clock, api, runtime, start, pod, events }) => {
      start()
      api.put(podObject())
      await clock.advance(100)
      const ephemeralContainers = [{ name: 'debug', image: 'web:1', targetContainerName: 'main' }]
      api.put({ ...pod('web')!, spec: { ...pod('web')!.spec, ephemeralContainers } })
      await clock.advance(100)
      const [status] = pod('web')?.status?.ephemeralContainerStatuses ?? []
      assert.deepEqual(
        [status?.name, status?.ready, status?.started, Object.keys(status?.state ?? {})],
        ['debug', false, undefined, ['running']],
      )
      const { pid, targetId } = runtime.configs.get('container-3')?.linux?.securityContext?.namespaceOptions ?? {}
      assert.deepEqual([pid, targetId], [NamespaceMode.TARGET, 'container-2'])
      assert.ok(events().includes('Started: Container started'))
    }))

  test('a sidecar starts first and stops when the work is done', () =>
    withWorld(async ({ clock, api, runtime, start, pod }) => {
      start()
      api.put(podObject({ restartPolicy: 'Never', initContainers: [{ name: 'side', image: 'web:1', restartPolicy: 'Always' }] }))
      await clock.advance(100)
      assert.deepEqual(
        runtime.calls.filter(call => call.startsWith('start')),
        ['startContainer side', 'startContainer main'],
      )
      runtime.exit('main', 0)
      await clock.advance(100)
      assert.ok(runtime.calls.includes('stopContainer side 30'))
      assert.equal(pod('web')?.status?.phase, 'Succeeded')
    }))

  test('a pod that asks for more than the node has is rejected', () =>
    withWorld(async ({ clock, api, runtime, start, pod }) => {
      start()
      await clock.advance(100)
      api.put(podObject({ containers: [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '5' } } }] }))
      await clock.advance(100)
      const { phase, reason, message } = pod('web')?.status ?? {}
      assert.deepEqual(
        [phase, reason, message],
        ['Failed', 'OutOfcpu', "Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000"],
      )
      assert.deepEqual(runtime.calls, [])
      assert.equal(pod('web')?.status?.containerStatuses, undefined, 'its status is the reason, not that of containers')
      start()
      await clock.advance(100)
      assert.equal(pod('web')?.status?.containerStatuses, undefined, 'after a restart of the kubelet too')
    }))

  test('activeDeadlineSeconds ends a pod', () =>
    withWorld(async ({ clock, api, start, pod }) => {
      start()
      api.put(podObject({ activeDeadlineSeconds: 5 }))
      await clock.advance(100)
      await clock.advance(5_000)
      const { phase, reason } = pod('web')?.status ?? {}
      assert.deepEqual([phase, reason], ['Failed', 'DeadlineExceeded'])
    }))

  test('a pod over its deadline has its whole grace period', () =>
    withWorld(async ({ clock, api, runtime, start, pod }) => {
      start()
      runtime.stubborn.add('main')
      api.put(podObject({ activeDeadlineSeconds: 5 }))
      await clock.advance(5_100)
      const state = () => pod('web')?.status?.containerStatuses?.[0]?.state
      assert.equal(pod('web')?.status?.phase, 'Failed')
      await clock.advance(29_000)
      assert.ok(state()?.running)
      await clock.advance(1_000)
      assert.equal(state()?.terminated?.exitCode, 137)
      assert.deepEqual(runtime.calls.slice(4), ['stopContainer main 30', 'stopPodSandbox'])
    }))

  test('a container may be called as what every object inherits', () =>
    withWorld(async ({ clock, api, runtime, start, pod }) => {
      start()
      const name = 'constructor'
      api.put(podObject({ containers: [{ name, image: 'web:1' }] }))
      await clock.advance(100)
      assert.equal(pod('web')?.status?.phase, 'Running')
      runtime.exit(name, 1)
      await clock.advance(20_000)
      const { restartCount, state } = pod('web')!.status!.containerStatuses![0]!
      assert.deepEqual([restartCount, state?.running !== undefined], [1, true])
    }))

  test('a container is not running before its postStart hook has ended', () =>
    withWorld(async ({ clock, api, runtime, start, pod }) => {
      start()
      runtime.exec = async (_command, signal) => {
        await clock.sleep(10_000, signal)
        return { exitCode: 0 }
      }
      const hook = { postStart: { exec: { command: ['warm-up'] } } }
      const first = { name: 'main', image: 'web:1', lifecycle: hook, readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 } }
      api.put(podObject({ containers: [first, { name: 'second', image: 'web:1' }] }))
      await clock.advance(9_000)
      const status = () => pod('web')?.status?.containerStatuses?.[0]
      assert.deepEqual(status()?.state, { waiting: { reason: 'ContainerCreating' } })
      assert.deepEqual([pod('web')?.status?.phase, runtime.calls.at(-1)], ['Pending', 'startContainer main'])
      runtime.exec = async () => ({ exitCode: 0 })
      await clock.advance(2_000)
      assert.ok(status()?.state?.running)
      assert.deepEqual([pod('web')?.status?.phase, status()?.ready], ['Running', true])
    }))

  test('a container whose postStart hook fails is killed', () =>
    withWorld(async ({ clock, api, runtime, start, pod, events }) => {
      start()
      runtime.exec = async () => ({ exitCode: 5, stderr: 'no\n' })
      const lifecycle = { postStart: { exec: { command: ['warm', 'up'] } } }
      api.put(podObject({ containers: [{ name: 'main', image: 'web:1', lifecycle }], restartPolicy: 'Never' }))
      await clock.advance(100)
      assert.equal(pod('web')?.status?.phase, 'Failed')
      const expected = ['Started: Container started', 'FailedPostStartHook: PostStartHook failed', 'Killing: FailedPostStartHook']
      assert.deepEqual(
        events().filter(text => expected.includes(text)),
        expected,
      )
    }))

  test('a pod whose emptyDir holds more than it may is evicted', () =>
    withWorld(async ({ clock, api, runtime, files, start, pod, events }) => {
      start()
      api.put(podObject({ volumes: [{ name: 'data', emptyDir: { sizeLimit: '10' } }] }))
      await clock.advance(100)
      await files.writeFile('/kubelet/pods/u1/volumes/kubernetes.io~empty-dir/data/file', 'ten bytes.')
      await clock.advance(30_000)
      assert.equal(pod('web')?.status?.phase, 'Running')
      await files.writeFile('/kubelet/pods/u1/volumes/kubernetes.io~empty-dir/data/more', '.')
      await clock.advance(10_000)
      const { phase, reason, message } = pod('web')?.status ?? {}
      const why = 'Usage of EmptyDir volume "data" exceeds the limit "10". '
      assert.deepEqual([phase, reason, message], ['Failed', 'Evicted', why])
      assert.ok(events().includes(`Evicted: ${why}`))
      assert.ok(runtime.calls.includes('stopContainer main 2'), 'as short as a stop can be')
    }))

  test('volumes that cannot be mounted keep the pod from starting', () =>
    withWorld(async ({ clock, api, runtime, start, pod, events }) => {
      start()
      api.put(podObject({ volumes: [{ name: 'config', configMap: { name: 'settings' } }] }))
      await clock.advance(10)
      assert.ok(events().includes('FailedMount: MountVolume.SetUp failed for volume "config" : configmap "settings" not found'))
      assert.deepEqual(runtime.calls, ['pullImage web:1'])
      api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'default' } })
      await clock.advance(100)
      assert.equal(pod('web')?.status?.phase, 'Running')
    }))

  test('volumes that cannot be mounted are tried again after 0.5 s, 1 s, 2 s … 2 min 2 s', () =>
    withWorld(async ({ clock, api, start }) => {
      start()
      api.put(podObject({ volumes: [{ name: 'config', configMap: { name: 'settings' } }] }))
      const failures = () => api.all<Event>('Event').find(({ reason }) => reason === 'FailedMount')?.count ?? 0
      const counts: number[] = []
      for (const ms of [10, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 122_000, 122_000]) {
        await clock.advance(ms)
        counts.push(failures())
      }
      assert.deepEqual(counts, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    }))

  test('a sandbox that died is replaced, with its containers', () =>
    withWorld(async ({ clock, api, runtime, start, pod, events }) => {
      start()
      api.put(podObject())
      await clock.advance(100)
      await runtime.stopPodSandbox({ podSandboxId: 'sandbox-1' })
      await clock.advance(100)
      assert.equal(pod('web')?.status?.containerStatuses?.[0]?.restartCount, 1)
      assert.equal(pod('web')?.status?.phase, 'Running')
      assert.ok(events().includes('SandboxChanged: Pod sandbox changed, it will be killed and re-created.'))
    }))

  test('stops in the middle of a look at the node, without waiting for time to pass', () =>
    withWorld(async ({ clock, runtime, start }) => {
      const kubelet = start()
      await clock.advance(100)
      const answer = await runtime.status()
      const held = Promise.withResolvers<typeof answer>()
      runtime.status = () => held.promise
      await clock.advance(limits.nodeStatusCheckMs)
      const stopping = kubelet[Symbol.asyncDispose]()
      held.resolve(answer)
      await stopping
    }))
})
