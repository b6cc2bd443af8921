import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ContainerStatus, Pod, PodStatus } from '#api/core/v1/types.gen.ts'
import { podColumns } from './columns.ts'

const now = Date.UTC(2026, 0, 1, 1)

function pod(status: PodStatus, more: { spec?: Partial<Pod['spec']>; metadata?: Partial<Pod['metadata']> } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z', ...more.metadata },
    spec: { containers: [{ name: 'web' }, { name: 'log' }], ...more.spec },
    status,
  }
}

function container(name: string, state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, state, ready: false, restartCount: 0, image: '', imageID: '', ...more }
}

const running = { running: { startedAt: '2026-01-01T00:00:00Z' } }
const ended = (exitCode: number, more = {}) => ({ terminated: { exitCode, ...more } })
const ready = { ready: true }
const sidecar = { initContainers: [{ name: 'init' }, { name: 'mesh', restartPolicy: 'Always' }] }

/** Name, ready, status and restarts as kubectl shows them. */
const cases: { name: string; have: Pod; want: [string, string, string] }[] = [
  { name: 'not yet on a node', have: pod({ phase: 'Pending' }), want: ['0/2', 'Pending', '0'] },
  {
    name: 'gated',
    have: pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
    want: ['0/2', 'SchedulingGated', '0'],
  },
  {
    name: 'being started',
    have: pod({ phase: 'Pending', containerStatuses: [container('web', { waiting: { reason: 'ContainerCreating' } })] }),
    want: ['0/2', 'ContainerCreating', '0'],
  },
  {
    name: 'running',
    have: pod({ phase: 'Running', containerStatuses: [container('web', running, ready), container('log', running, ready)] }),
    want: ['2/2', 'Running', '0'],
  },
  {
    name: 'crashing',
    have: pod({
      phase: 'Running',
      containerStatuses: [
        container(
          'web',
          { waiting: { reason: 'CrashLoopBackOff' } },
          { restartCount: 3, lastState: ended(1, { finishedAt: '2026-01-01T00:59:50Z' }) },
        ),
        container('log', running, ready),
      ],
    }),
    want: ['1/2', 'CrashLoopBackOff', '3 (10s ago)'],
  },
  {
    name: 'one done, one running',
    have: pod({
      phase: 'Running',
      containerStatuses: [container('web', ended(0, { reason: 'Completed' })), container('log', running, ready)],
      conditions: [{ type: 'Ready', status: 'False' }],
    }),
    want: ['1/2', 'NotReady', '0'],
  },
  {
    name: 'done',
    have: pod({ phase: 'Succeeded', containerStatuses: [container('web', ended(0, { reason: 'Completed' }))] }),
    want: ['0/2', 'Completed', '0'],
  },
  {
    name: 'killed',
    have: pod({ phase: 'Failed', containerStatuses: [container('web', ended(137, { signal: 9 }))] }),
    want: ['0/2', 'Signal:9', '0'],
  },
  { name: 'failed', have: pod({ phase: 'Failed', containerStatuses: [container('web', ended(2))] }), want: ['0/2', 'ExitCode:2', '0'] },
  { name: 'evicted', have: pod({ phase: 'Failed', reason: 'Evicted' }), want: ['0/2', 'Evicted', '0'] },
  {
    name: 'first init container runs',
    have: pod(
      { phase: 'Pending', initContainerStatuses: [container('init', running)] },
      { spec: { initContainers: [{ name: 'init' }, { name: 'b' }] } },
    ),
    want: ['0/2', 'Init:0/2', '0'],
  },
  {
    name: 'init container failed',
    have: pod({ phase: 'Pending', initContainerStatuses: [container('init', ended(1, { reason: 'Error' }), { restartCount: 2 })] }),
    want: ['0/2', 'Init:Error', '2'],
  },
  {
    name: 'init container waits to be tried again',
    have: pod({ phase: 'Pending', initContainerStatuses: [container('init', { waiting: { reason: 'CrashLoopBackOff' } })] }),
    want: ['0/2', 'Init:CrashLoopBackOff', '0'],
  },
  {
    name: 'sidecar counts as a container',
    have: pod(
      {
        phase: 'Running',
        initContainerStatuses: [container('init', ended(0)), container('mesh', running, { ready: true, started: true, restartCount: 1 })],
        containerStatuses: [container('web', running, ready), container('log', running, ready)],
      },
      { spec: sidecar },
    ),
    want: ['3/3', 'Running', '1'],
  },
  {
    name: 'sidecar not started',
    have: pod({ phase: 'Pending', initContainerStatuses: [container('init', ended(0)), container('mesh', running)] }, { spec: sidecar }),
    want: ['0/3', 'Init:1/2', '0'],
  },
  {
    name: 'terminating',
    have: pod(
      { phase: 'Running', containerStatuses: [container('web', running, ready), container('log', running, ready)] },
      { metadata: { deletionTimestamp: '2026-01-01T01:00:00Z' } },
    ),
    want: ['2/2', 'Terminating', '0'],
  },
  {
    name: 'done and terminating',
    have: pod({ phase: 'Succeeded' }, { metadata: { deletionTimestamp: '2026-01-01T01:00:00Z' } }),
    want: ['0/2', 'Succeeded', '0'],
  },
  {
    name: 'on a lost node',
    have: pod({ phase: 'Running', reason: 'NodeLost' }, { metadata: { deletionTimestamp: '2026-01-01T01:00:00Z' } }),
    want: ['0/2', 'Unknown', '0'],
  },
]

function row(object: Pod, names: readonly string[]): (string | number | boolean)[] {
  return names.map(name => podColumns.find(column => column.name === name)!.value(object, now))
}

describe('pod columns', () => {
  for (const { name, have, want } of cases) test(name, () => assert.deepEqual(row(have, ['Ready', 'Status', 'Restarts']), want))

  test('are those of kubectl', () => {
    const names = podColumns.map(({ name, priority }) => `${name}${priority === 0 ? '' : '*'}`)
    assert.deepEqual(names, ['Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP*', 'Node*', 'Nominated Node*', 'Readiness Gates*'])
  })

  test('of the wide form', () => {
    const wide = ['Age', 'IP', 'Node', 'Nominated Node', 'Readiness Gates']
    assert.deepEqual(row(pod({}), wide), ['60m', '<none>', '<none>', '<none>', '<none>'])
    const bound = pod(
      { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'x/a', status: 'True' }] },
      { spec: { nodeName: 'n', readinessGates: [{ conditionType: 'x/a' }, { conditionType: 'x/b' }] } },
    )
    assert.deepEqual(row(bound, wide), ['60m', '10.0.0.1', 'n', '<none>', '1/2'])
  })
})
