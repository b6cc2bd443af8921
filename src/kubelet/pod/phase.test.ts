import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerStatus, Pod } from '#api/core/v1/types.gen.ts'
import { phaseOf } from './phase.ts'

function pod(restartPolicy: string, initContainers: Pod['spec']['initContainers'] = []): Pod {
  const containers = [{ name: 'a' }, { name: 'b' }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { restartPolicy, containers, initContainers } }
}

function status(name: string, what: 'waiting' | 'running' | 'crashing' | number): ContainerStatus {
  const base = { name, ready: false, restartCount: 0, image: '', imageID: '' }
  if (what === 'waiting') return { ...base, state: { waiting: {} } }
  if (what === 'running') return { ...base, state: { running: {} }, started: true }
  if (what === 'crashing') return { ...base, state: { waiting: {} }, lastState: { terminated: { exitCode: 1 } } }
  return { ...base, state: { terminated: { exitCode: what } } }
}

type What = Parameters<typeof status>[1]

const cases: { name: string; policy: string; a: What; b: What; init?: What; terminating?: boolean; want: string }[] = [
  { name: 'nothing started', policy: 'Always', a: 'waiting', b: 'waiting', want: 'Pending' },
  { name: 'one of two started', policy: 'Always', a: 'running', b: 'waiting', want: 'Pending' },
  { name: 'all run', policy: 'Always', a: 'running', b: 'running', want: 'Running' },
  { name: 'one ended, always restarted', policy: 'Always', a: 0, b: 'running', want: 'Running' },
  { name: 'all ended, always restarted', policy: 'Always', a: 0, b: 1, want: 'Running' },
  { name: 'all in a crash loop', policy: 'Always', a: 'crashing', b: 'crashing', want: 'Running' },
  { name: 'all ended well', policy: 'OnFailure', a: 0, b: 0, want: 'Succeeded' },
  { name: 'one failed and is restarted', policy: 'OnFailure', a: 0, b: 1, want: 'Running' },
  { name: 'one failed for good', policy: 'Never', a: 0, b: 1, want: 'Failed' },
  { name: 'one failed for good, the other still runs', policy: 'Never', a: 'running', b: 1, want: 'Running' },
  { name: 'stopped: exit codes decide', policy: 'Always', a: 0, b: 143, terminating: true, want: 'Failed' },
  { name: 'initializing', policy: 'Always', init: 'running', a: 'waiting', b: 'waiting', want: 'Pending' },
  { name: 'initialization failed for good', policy: 'Never', init: 1, a: 'waiting', b: 'waiting', want: 'Failed' },
  { name: 'initialization failed, tried again', policy: 'Always', init: 'crashing', a: 'waiting', b: 'waiting', want: 'Pending' },
]

for (const { name, policy, a, b, init, terminating = false, want } of cases) {
  test(`phase: ${name}, restartPolicy ${policy} → ${want}`, () => {
    const inits = init === undefined ? [] : [{ name: 'i' }]
    const initContainerStatuses = init === undefined ? [] : [status('i', init)]
    assert.equal(
      phaseOf(pod(policy, inits), { initContainerStatuses, containerStatuses: [status('a', a), status('b', b)] }, terminating),
      want,
    )
  })
}
