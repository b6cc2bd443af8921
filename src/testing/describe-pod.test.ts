import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event, Pod } from '#api/core/v1/types.gen.ts'
import { describePod } from './describe-pod.ts'

const nowMs = Date.parse('2026-01-01T00:10:00Z')

const crashing: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: { nodeName: 'node-0', initContainers: [{ name: 'setup', image: 'a' }], containers: [{ name: 'main', image: 'a' }] },
  status: {
    phase: 'Running',
    conditions: [
      { type: 'Initialized', status: 'True' },
      { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status: [main]' },
    ],
    initContainerStatuses: [
      {
        name: 'setup',
        image: 'a',
        imageID: '',
        ready: true,
        restartCount: 0,
        state: { terminated: { exitCode: 0, reason: 'Completed', finishedAt: '2026-01-01T00:00:00Z' } },
      },
    ],
    containerStatuses: [
      {
        name: 'main',
        image: 'a',
        imageID: '',
        ready: false,
        restartCount: 4,
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
        lastState: { terminated: { exitCode: 1, reason: 'Error', finishedAt: '2026-01-01T00:09:30Z' } },
      },
    ],
  },
}

const event = (reason: string, more: Partial<Event>): Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: reason },
  involvedObject: {},
  type: 'Normal',
  reason,
  ...more,
})

test('describePod: a Pod that crashes → states, events and logs', () => {
  const events = [
    event('Scheduled', { message: 'assigned', eventTime: '2026-01-01T00:00:00Z' }),
    event('BackOff', { type: 'Warning', message: 'Back-off', count: 3, lastTimestamp: '2026-01-01T00:09:35Z' }),
  ]
  const logs = new Map([['main', Array.from({ length: 12 }, (_, line) => `line ${line}\n`).join('')]])
  assert.equal(
    describePod({ pod: crashing, events, logs, nowMs }),
    `Status: CrashLoopBackOff, 0/1 ready, on node node-0
Condition Ready is False: ContainersNotReady: containers with unready status: [main]
Containers:
  setup: terminated 10m ago with exit code 0: Completed
  main: waiting: CrashLoopBackOff: back-off 40s, restarted 4 times
    before: terminated 30s ago with exit code 1: Error
Events:
  Normal Scheduled, 10m ago: assigned
  Warning BackOff, 25s ago (3 times): Back-off
Logs of main:
${Array.from({ length: 10 }, (_, line) => `  line ${line + 2}`).join('\n')}`,
  )
})

test('describePod: a Pod that waits for a node', () => {
  const pending: Pod = { ...crashing, spec: { containers: [{ name: 'main', image: 'a' }] }, status: { phase: 'Pending' } }
  assert.equal(describePod({ pod: pending, events: [], logs: new Map(), nowMs }), 'Status: Pending, 0/1 ready, on no node')
})

test('describePod: only the last ten events', () => {
  const events = Array.from({ length: 12 }, (_, index) => event(`R${index}`, { message: 'm' }))
  const text = describePod({ pod: undefined, events, logs: new Map(), nowMs })
  assert.deepEqual(text.match(/R\d+/g), ['R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8', 'R9', 'R10', 'R11'])
  assert.match(text, /^There is no such Pod\.\nEvents:\n {2}Normal R2, an unknown time ago: m\n/)
})
