import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Container, ContainerStatus, Pod } from '#api/core/v1/types.gen.ts'
import type { ObservedContainer } from '../runtime/observed.ts'
import { containerStatusOf } from './container-status.ts'
import { emptyMemory, type PodMemory } from './memory.ts'

const main: Container = { name: 'main', image: 'image:1' }

function observed(fields: Partial<ObservedContainer>): ObservedContainer {
  return {
    id: 'main-id',
    name: 'main',
    sandboxID: 's0',
    state: 'running',
    restartCount: 0,
    hash: '',
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

const failed = observed({ id: 'first', state: 'exited', exitCode: 1, reason: 'Error' })
const waitsForCrash = { waiting: { main: { reason: 'CrashLoopBackOff', message: 'back-off' } } }

interface Case {
  name: string
  containers?: ObservedContainer[]
  memory?: Partial<PodMemory>
  spec?: Partial<Pod['spec']>
  kind?: 'init' | 'regular' | 'ephemeral'
  previous?: ContainerStatus
  /** State, restarts, last state. */
  want: string
}

const cases: Case[] = [
  { name: 'not made yet', want: 'ContainerCreating 0 -' },
  { name: 'waits for init containers', spec: { initContainers: [{ name: 'init', image: 'x' }] }, want: 'PodInitializing 0 -' },
  {
    name: 'an init container that is not made yet',
    spec: { initContainers: [main], containers: [{ name: 'app', image: 'x' }] },
    kind: 'init',
    want: 'PodInitializing 0 -',
  },
  { name: 'created, not started', containers: [observed({ state: 'created' })], want: 'ContainerCreating 0 -' },
  { name: 'running', containers: [observed({})], want: 'running 0 -' },
  { name: 'ended, its restart not yet put off', containers: [failed], want: 'Error 0 -' },
  { name: 'put off after a crash', containers: [failed], memory: waitsForCrash, want: 'CrashLoopBackOff 0 Error' },
  { name: 'ended for good', containers: [failed], memory: waitsForCrash, spec: { restartPolicy: 'Never' }, want: 'Error 0 -' },
  {
    name: 'the next one is made but not started: still put off',
    containers: [observed({ id: 'second', state: 'created', restartCount: 1 }), failed],
    memory: waitsForCrash,
    want: 'CrashLoopBackOff 0 Error',
  },
  { name: 'an ephemeral container that failed', containers: [failed], kind: 'ephemeral', want: 'Error 0 -' },
  { name: 'the next one runs', containers: [observed({ id: 'second', restartCount: 1 }), failed], want: 'running 1 Error' },
]

describe('status of a container', () => {
  for (const { name, containers = [], memory, spec, kind = 'regular', previous, want } of cases) {
    test(name, () => {
      const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [main], ...spec } }
      const input = {
        pod,
        observed: { uid: 'u', name: 'p', namespace: 'n', sandboxes: [], containers },
        memory: { ...emptyMemory(), ...memory },
        nowMs: 0,
        runtimeName: 'memory',
      }
      const { state, lastState, restartCount } = containerStatusOf(input, main, kind, previous)
      const word = state?.waiting?.reason ?? state?.terminated?.reason ?? 'running'
      assert.equal(`${word} ${restartCount} ${lastState?.terminated?.reason ?? '-'}`, want)
    })
  }
})
