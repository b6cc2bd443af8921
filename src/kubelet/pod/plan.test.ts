import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Container, ContainerStatus, Pod, PodStatus } from '#api/core/v1/types.gen.ts'
import { hashContainer } from '../runtime/labels.ts'
import type { ObservedContainer, ObservedPod } from '../runtime/observed.ts'
import { emptyMemory, type PodMemory } from './memory.ts'
import { planPod } from './plan.ts'
import type { Plan } from './plan-draft.ts'

const nowMs = 1_000_000

function container(name: string, fields: Partial<Container> = {}): Container {
  return { name, image: 'image:1', ...fields }
}

function podOf(spec: Partial<Pod['spec']> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n', uid: 'u', ...metadata },
    spec: { restartPolicy: 'Always', containers: [container('main')], ...spec },
  }
}

function seen(name: string, fields: Partial<ObservedContainer> = {}): ObservedContainer {
  return {
    id: `${name}-id`,
    name,
    sandboxID: 's0',
    state: 'running',
    restartCount: 0,
    hash: hashContainer(container(name)),
    createdAtMs: 0,
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    message: '',
    image: 'image:1',
    imageID: 'sha256:1',
    logPath: '',
    ...fields,
  }
}

const ready = { id: 's0', attempt: 0, ready: true, createdAtMs: 0, ips: ['192.0.2.9'] }
const dead = { ...ready, ready: false }

function observe(containers: ObservedContainer[] = [], sandboxes: ObservedPod['sandboxes'] = [ready]): ObservedPod {
  return { uid: 'u', name: 'p', namespace: 'n', sandboxes, containers }
}

function shownStatus(restartCount: number, state: ContainerStatus['state']): ContainerStatus {
  return { name: 'main', image: 'image:1', imageID: '', ready: false, restartCount, state }
}

const prepared: Partial<PodMemory> = { volumesMounted: true, nodePrepared: true }
const pulled = { ...prepared, images: { main: { ref: 'sha256:1' } } }

/** A step as one line. */
function lines({ steps }: Plan): string[] {
  return steps.map(({ action, ...fields }) => [action, ...Object.values(fields)].join(' '))
}

interface Case {
  name: string
  pod?: Pod
  observed?: ObservedPod
  memory?: Partial<PodMemory>
  shown?: PodStatus
  want: string[]
  wakeAtMs?: number
  done?: boolean
}

const running: Case[] = [
  {
    name: 'a new pod: everything that needs nothing else begins at once',
    observed: observe([], []),
    want: ['mountVolumes', 'prepareNode', 'pullImage main'],
  },
  {
    name: 'volumes and node are ready: the sandbox',
    observed: observe([], []),
    memory: prepared,
    want: ['createSandbox 0', 'pullImage main'],
  },
  { name: 'the sandbox is ready, the image is not', memory: prepared, want: ['pullImage main'] },
  { name: 'sandbox and image are ready', memory: pulled, want: ['startContainer main s0 sha256:1 0'] },
  {
    name: 'the runtime has lost a container that was shown to run: its restarts count on',
    memory: pulled,
    shown: { containerStatuses: [shownStatus(2, { running: {} })] },
    want: ['startContainer main s0 sha256:1 3'],
  },
  {
    name: 'the same once its loss was shown',
    memory: pulled,
    shown: { containerStatuses: [shownStatus(3, { waiting: {} })] },
    want: ['startContainer main s0 sha256:1 3'],
  },
  { name: 'all runs', observed: observe([seen('main')]), memory: prepared, want: [] },
  {
    name: 'after a restart of ours only the volumes are looked at again',
    observed: observe([seen('main')]),
    want: ['mountVolumes', 'prepareNode'],
  },
  {
    name: 'containers start one after the other, images are pulled together',
    pod: podOf({ containers: [container('main'), container('two')] }),
    memory: prepared,
    want: ['pullImage main', 'pullImage two'],
  },
  {
    name: 'a later container does not overtake one whose image is being pulled',
    pod: podOf({ containers: [container('main'), container('two')] }),
    memory: { ...prepared, images: { two: { ref: 'sha256:2' } } },
    want: ['pullImage main'],
  },
  {
    name: 'a later container waits for one that is being started',
    pod: podOf({ containers: [container('main'), container('two')] }),
    observed: observe([seen('main')]),
    memory: { ...prepared, inFlight: ['startContainer:main'], images: { two: { ref: 'sha256:2' } } },
    want: [],
  },
  {
    name: 'a later container does not wait for one whose image cannot be had',
    pod: podOf({ containers: [container('main'), container('two')] }),
    memory: { ...prepared, images: { main: { retryAtMs: nowMs + 5 }, two: { ref: 'sha256:2' } } },
    want: ['startContainer two s0 sha256:2 0'],
    wakeAtMs: nowMs + 5,
  },
  {
    name: 'a first crash: restarted at once',
    observed: observe([seen('main', { state: 'exited', exitCode: 1, finishedAtMs: nowMs })]),
    memory: pulled,
    want: ['startContainer main s0 sha256:1 1'],
  },
  {
    name: 'a second crash: later',
    observed: observe([seen('main', { state: 'exited', exitCode: 1, restartCount: 1, finishedAtMs: nowMs })]),
    memory: { ...pulled, crashes: { main: { delayMs: 10_000, sinceMs: nowMs - 50 } } },
    want: [],
    wakeAtMs: nowMs + 10_000,
  },
  {
    name: 'restartPolicy OnFailure: success is the end',
    pod: podOf({ restartPolicy: 'OnFailure' }),
    observed: observe([seen('main', { state: 'exited' })]),
    memory: prepared,
    want: [],
  },
  {
    name: 'created but never started: left by a crash of ours',
    observed: observe([seen('main', { state: 'created' })]),
    memory: prepared,
    want: ['removeContainer main-id'],
  },
  {
    name: 'the image of the spec changed',
    pod: podOf({ containers: [container('main', { image: 'image:2' })] }),
    observed: observe([seen('main')]),
    memory: prepared,
    want: ['killContainer main main-id 30 DefinitionChanged'],
  },
  {
    name: 'the liveness probe failed',
    observed: observe([seen('main')]),
    memory: { ...prepared, probes: { 'main-id': { started: true, ready: true, failed: 'liveness' } } },
    want: ['killContainer main main-id 30 FailedLivenessProbe'],
  },
  {
    name: 'the sandbox died under running containers',
    observed: observe([seen('main')], [dead]),
    memory: prepared,
    want: ['killContainer main main-id 30 SandboxChanged', 'pullImage main'],
  },
  {
    name: 'a dead sandbox is stopped, which gives its network back',
    observed: observe([seen('main', { state: 'exited' })], [dead]),
    memory: prepared,
    want: ['stopSandbox s0', 'pullImage main'],
  },
  {
    name: 'then it is replaced',
    observed: observe([seen('main', { state: 'exited' })], [dead]),
    memory: { ...pulled, stoppedSandboxes: ['s0'] },
    want: ['createSandbox 1 s0'],
  },
  {
    name: 'a pod that ended gets no new sandbox',
    pod: podOf({ restartPolicy: 'Never' }),
    observed: observe([seen('main', { state: 'exited', exitCode: 137 })], [dead]),
    memory: { ...prepared, stoppedSandboxes: ['s0'] },
    want: [],
  },
  {
    name: 'a replaced sandbox without containers is removed',
    observed: observe([seen('main', { sandboxID: 's1' })], [{ ...ready, id: 's1', attempt: 1 }, dead]),
    memory: prepared,
    want: ['removeSandbox s0'],
  },
  {
    name: 'a sidecar of a pod whose work is done does not outlive its sandbox',
    pod: podOf({ restartPolicy: 'Never', initContainers: [container('side', { restartPolicy: 'Always' })] }),
    observed: observe([seen('main', { state: 'exited' }), seen('side')], [dead]),
    memory: prepared,
    want: ['killContainer side side-id 30 SandboxChanged'],
  },
  {
    name: 'what is being started in a dead sandbox is waited for',
    observed: observe([seen('main', { state: 'created' })], [dead]),
    memory: { ...pulled, inFlight: ['startContainer:main'] },
    want: [],
  },
  {
    name: 'what came to life in a sandbox that was replaced ends before anything starts',
    observed: observe([seen('main')], [{ ...ready, id: 's1', attempt: 1 }, dead]),
    memory: pulled,
    want: ['killContainer main main-id 30 SandboxChanged'],
  },
  {
    name: 'what came to life in a sandbox that was replaced ends, though its successor runs',
    observed: observe([seen('main', { sandboxID: 's1' }), seen('main', { id: 'old' })], [{ ...ready, id: 's1', attempt: 1 }, dead]),
    memory: prepared,
    want: ['killContainer main old 30 SandboxChanged', 'pullImage main'],
  },
  {
    name: 'one ended container of each name is kept',
    observed: observe([
      seen('main', { id: 'c3' }),
      seen('main', { id: 'c2', state: 'exited' }),
      seen('main', { id: 'c1', state: 'exited' }),
    ]),
    memory: prepared,
    want: ['removeContainer c1'],
  },
  {
    name: 'init containers come first',
    pod: podOf({ initContainers: [container('init')] }),
    memory: { ...prepared, images: { init: { ref: 'sha256:3' } } },
    want: ['startContainer init s0 sha256:3 0'],
  },
  {
    name: 'an init container runs: the rest waits',
    pod: podOf({ initContainers: [container('init')] }),
    observed: observe([seen('init')]),
    memory: prepared,
    want: [],
  },
  {
    name: 'an init container failed and must not run again',
    pod: podOf({ restartPolicy: 'Never', initContainers: [container('init')] }),
    observed: observe([seen('init', { state: 'exited', exitCode: 1 })]),
    memory: prepared,
    want: [],
  },
  {
    name: 'an init container is done',
    pod: podOf({ initContainers: [container('init')] }),
    observed: observe([seen('init', { state: 'exited' })]),
    memory: prepared,
    want: ['pullImage main'],
  },
  {
    name: 'an ephemeral container starts beside a pod that does not get going',
    pod: podOf({ ephemeralContainers: [container('debug')], initContainers: [container('init')] }),
    observed: observe([seen('init')]),
    memory: { ...prepared, images: { debug: { ref: 'sha256:1' } } },
    want: ['startContainer debug s0 sha256:1 0'],
  },
  {
    name: 'an ephemeral container is never started again',
    pod: podOf({ ephemeralContainers: [container('debug')] }),
    observed: observe([seen('main'), seen('debug', { state: 'exited', exitCode: 1 })]),
    memory: prepared,
    want: [],
  },
  {
    name: 'the work is done: sidecars stop',
    pod: podOf({ restartPolicy: 'Never', initContainers: [container('side', { restartPolicy: 'Always' })] }),
    observed: observe([seen('main', { state: 'exited' }), seen('side')]),
    memory: prepared,
    want: ['killContainer side side-id 30 MainContainersEnded'],
  },
]

const deleted: Partial<PodMemory> = { termination: { cause: 'Deleted', gracePeriodSeconds: 20, sinceMs: nowMs } }
const terminating = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }

const ending: Case[] = [
  {
    name: 'containers are told to stop',
    observed: observe([seen('main')]),
    memory: deleted,
    want: ['killContainer main main-id 20 Stopping'],
  },
  {
    name: 'sidecars stop after the containers that they serve',
    pod: podOf({ initContainers: [container('side', { restartPolicy: 'Always' })] }),
    observed: observe([seen('main'), seen('side')]),
    memory: deleted,
    want: ['killContainer main main-id 20 Stopping'],
  },
  {
    name: 'a sidecar gets what is left of the grace period',
    pod: podOf({ initContainers: [container('side', { restartPolicy: 'Always' })] }),
    observed: observe([seen('main', { state: 'exited' }), seen('side')]),
    memory: { termination: { cause: 'Deleted', gracePeriodSeconds: 20, sinceMs: nowMs - 15_000 } },
    want: ['killContainer side side-id 5 Stopping'],
  },
  { name: 'what is being started is waited for', memory: { ...deleted, inFlight: ['startContainer:main'] }, want: [] },
  { name: 'then the sandbox', observed: observe([seen('main', { state: 'exited' })]), memory: deleted, want: ['stopSandbox s0'] },
  { name: 'then volumes and cgroup', memory: { ...deleted, stoppedSandboxes: ['s0'] }, want: ['cleanUp'] },
  {
    name: 'then the API object',
    pod: podOf({}, terminating.metadata),
    memory: { ...deleted, stoppedSandboxes: ['s0'], cleaned: true },
    want: ['deletePod'],
  },
  {
    name: 'a pod that only ended keeps its containers and their logs',
    observed: observe([seen('main', { state: 'exited' })], [dead]),
    memory: { termination: { cause: 'Completed', gracePeriodSeconds: 0, sinceMs: 0 }, stoppedSandboxes: ['s0'], cleaned: true },
    want: [],
  },
  {
    name: 'the object is gone: the runtime forgets the pod',
    memory: { ...deleted, stoppedSandboxes: ['s0'], cleaned: true, removed: true },
    want: ['removeSandbox s0'],
  },
  { name: 'then the folders', observed: observe([], []), memory: { ...deleted, cleaned: true, removed: true }, want: ['sweep'] },
  {
    name: 'nothing is left',
    observed: observe([], []),
    memory: { ...deleted, cleaned: true, removed: true, swept: true },
    want: [],
    done: true,
  },
]

for (const [title, cases] of [
  ['planPod: a pod that is to run', running],
  ['planPod: a pod that is to end', ending],
] as const) {
  describe(title, () => {
    for (const { name, pod = podOf(), observed = observe(), memory = {}, shown = {}, want, wakeAtMs, done = false } of cases) {
      test(name, () => {
        const plan = planPod({ pod, observed, memory: { ...emptyMemory(), ...memory }, shown, nowMs })
        assert.deepEqual({ steps: lines(plan), wakeAtMs: plan.wake?.atMs, done: plan.done }, { steps: want, wakeAtMs, done })
      })
    }
  })
}
