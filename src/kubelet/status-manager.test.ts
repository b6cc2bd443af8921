import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newNotFound } from '#apimachinery/status/status.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { VirtualClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { because, type Cause, currentCause } from '#client/cause.ts'
import type { Client } from '#client/client.ts'
import { type StatusesState, StatusManager, statusPatch } from './status-manager.ts'

const ready = { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'x' }

const cases: { name: string; from: Parameters<typeof statusPatch>[0]; to: Parameters<typeof statusPatch>[1]; want: unknown }[] = [
  {
    name: 'the same',
    from: { phase: 'Running', hostIPs: [{ ip: '192.0.2.1' }] },
    to: { hostIPs: [{ ip: '192.0.2.1' }], phase: 'Running' },
    want: undefined,
  },
  { name: 'a change', from: { phase: 'Pending' }, to: { phase: 'Running' }, want: { phase: 'Running' } },
  { name: 'something goes', from: { reason: 'Evicted' }, to: {}, want: { reason: null } },
  { name: 'first IPs', from: {}, to: { podIPs: [{ ip: '192.0.2.1' }] }, want: { podIPs: [{ ip: '192.0.2.1' }] } },
  {
    name: 'other IPs replace the old ones',
    from: { podIPs: [{ ip: '192.0.2.1' }] },
    to: { podIPs: [{ ip: '192.0.2.2' }] },
    want: { podIPs: [{ $patch: 'replace' }, { ip: '192.0.2.2' }] },
  },
  {
    name: 'a condition that no longer has a reason',
    from: { conditions: [ready] },
    to: { conditions: [{ type: 'Ready', status: 'True' }] },
    want: { conditions: [{ type: 'Ready', status: 'True', reason: null, message: null }] },
  },
  {
    name: 'a condition that no longer holds, beside one of somebody else',
    from: { conditions: [ready, { type: 'example.com/gate', status: 'True' }] },
    to: {},
    want: { conditions: [{ $patch: 'delete', type: 'Ready' }] },
  },
  {
    name: "somebody else's condition is left alone",
    from: {},
    to: { conditions: [{ type: 'example.com/gate', status: 'True' }] },
    want: undefined,
  },
]

for (const { name, from, to, want } of cases) test(`status patch: ${name}`, () => assert.deepEqual(statusPatch(from, to), want))

const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', uid: 'u', resourceVersion: '1' }, spec: { containers: [] } }

function managerOver(patch: (body: { status: Pod['status'] }) => Promise<Pod>, clock = new VirtualClock()): StatusManager {
  const client = { patch: (_: unknown, { body }: { body: { status: Pod['status'] } }) => patch(body) } as unknown as Client
  return new StatusManager({ client, clock, log: silentLogger, signal: new AbortController().signal })
}

test('a status that is set at any moment after the answer to the last write is written', async () => {
  for (let turns = 0; turns < 8; turns++) {
    const written: (string | undefined)[] = []
    const answered = Promise.withResolvers<Pod>()
    const manager = managerOver(({ status }) => (written.push(status?.phase) === 1 ? answered.promise : Promise.resolve(pod)))
    manager.set(pod, { phase: 'Pending' })
    answered.resolve(pod)
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    manager.set(pod, { phase: 'Running' })
    await new Promise(setImmediate)
    assert.deepEqual(written, ['Pending', 'Running'], `after ${turns} turns`)
  }
})

test('a status of a pod that is gone is tried once', async () => {
  let tries = 0
  const manager = managerOver(async () => {
    tries++
    throw newNotFound({ group: '', resource: 'pods' }, 'web')
  })
  manager.set(pod, { phase: 'Pending' })
  manager.set(pod, { phase: 'Running' })
  await manager.written('u')
  assert.equal(tries, 1)
})

test('a status is written for what made it another one; looks that bring nothing new do not count', async () => {
  const causes: (Cause | undefined)[] = []
  const answered = Promise.withResolvers<Pod>()
  const manager = managerOver(() => (causes.push(currentCause()) === 1 ? answered.promise : Promise.resolve(pod)))
  const set = (phase: string, cause: Cause | undefined) => because(cause, () => manager.set(pod, { phase }))
  const started = { reason: 'container web started' }
  set('Pending', { resourceVersion: '1' })
  set('Running', started)
  set('Running', { resourceVersion: '2' })
  answered.resolve(pod)
  await manager.written('u')
  set('Running', { reason: 'nothing that shows' })
  set('Failed', { resourceVersion: '3' })
  await manager.written('u')
  assert.deepEqual(causes, [{ resourceVersion: '1' }, started, { resourceVersion: '3' }])
})

test('a status that was being written when another manager took over is written by that one', async () => {
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', uid: 'u', resourceVersion: '1' }, spec: { containers: [] } }
  const { signal } = new AbortController()
  const managerOver = (patch: () => Promise<Pod>, ...state: [StatusesState?]) =>
    new StatusManager({ client: { patch } as unknown as Client, clock: new VirtualClock(), log: silentLogger, signal }, ...state)
  const stuck = managerOver(() => new Promise(() => {}))
  stuck.set(pod, { phase: 'Running' })
  let writes = 0
  const patch = async () => {
    writes++
    return pod
  }
  const next = managerOver(patch, stuck.state)
  await next.written('u')
  assert.equal(writes, 1)
  managerOver(patch, next.state)
  assert.equal(writes, 1)
})

test('a manager that is stopped while a passing status waits leaves no timer', () => {
  const clock = new VirtualClock()
  const manager = managerOver(async () => pod, clock)
  manager.set(pod, { phase: 'Pending' }, true)
  assert.equal(clock.waiting, 1)
  manager.stop()
  assert.equal(clock.waiting, 0)
})

test('a status that could not be written is tried again by another manager when the first one would have', async () => {
  const follow = (clock: VirtualClock, state?: StatusesState) => {
    const tried: number[] = []
    const patch = async () => {
      tried.push(clock.monotonicMs())
      throw new Error('no answer')
    }
    const { signal } = new AbortController()
    return { tried, manager: new StatusManager({ client: { patch } as unknown as Client, clock, log: silentLogger, signal }, state) }
  }
  const clock = new VirtualClock()
  const original = follow(clock)
  original.manager.set(pod, { phase: 'Running' })
  await clock.advance(1_000)
  original.tried.length = 0
  const copyClock = clock.copy()
  const copy = follow(copyClock, original.manager.state)
  for (const each of [clock, copyClock]) await each.advance(20_000)
  assert.equal(original.tried.length, 4)
  assert.deepEqual(copy.tried, original.tried)
})
