import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TokenRequest } from '#api/authentication/v1/types.gen.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { VirtualClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { SeededRandom } from '#base/random.ts'
import { currentCause } from '#client/cause.ts'
import { MemoryHostFiles } from '../host/memory-host-files.ts'
import { ownSources } from '../sources.ts'
import { MemoryAPI } from '../testing/memory-api.ts'
import { VolumeManager, type VolumesState } from './volume-manager.ts'

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u1' },
  spec: {
    containers: [{ name: 'main', image: 'web' }],
    volumes: [{ name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
  },
}

function newManager(
  signal: AbortSignal,
  clock = new VirtualClock(),
  state?: VolumesState,
): { volumes: VolumeManager; clock: VirtualClock; api: MemoryAPI } {
  const api = new MemoryAPI()
  const common = { client: api, clock, random: new SeededRandom(1), log: silentLogger }
  const facts = { podIPs: [], hostIPs: [], nodeName: 'node-1', allocatable: {} }
  const options = {
    ...common,
    sources: ownSources(common),
    files: new MemoryHostFiles(),
    rootDirectory: '/kubelet',
    factsOf: () => facts,
    onObjectChange: () => {},
    signal,
  }
  const volumes = new VolumeManager(options, state)
  return { volumes, clock, api }
}

test('volumes that are unmounted while they are set up are not refreshed later', async () => {
  const { signal } = new AbortController()
  const { volumes, clock, api } = newManager(signal)
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const answer = api.createSubresource.bind(api)
  api.createSubresource = async <R>() => {
    asked.resolve()
    await answered.promise
    return answer<R>()
  }
  const mounting = volumes.mount(pod)
  await asked.promise
  const unmounting = volumes.unmount('u1', signal)
  answered.resolve()
  await Promise.all([mounting, unmounting])
  assert.equal(clock.waiting, 0)
})

test('a kubelet that stops while volumes are set up leaves no timer', async () => {
  const stop = new AbortController()
  const { volumes, clock } = newManager(stop.signal)
  await volumes.mount(pod)
  assert.equal(clock.waiting, 1, 'the token is to be renewed')
  const mounting = volumes.mount(pod)
  stop.abort(new Error('the kubelet stops'))
  await mounting
  assert.equal(clock.waiting, 0)
})

/** A token is kept no longer. */
const dayMinutes = 24 * 60

test('each pod gets its token anew in time, whatever becomes of the others; what fails is tried again', async () => {
  const { signal } = new AbortController()
  const { volumes, clock, api } = newManager(signal)
  const asked: string[] = []
  const reasons: (string | undefined)[] = []
  let fails = false
  const answer = api.createSubresource.bind(api)
  api.createSubresource = async <R>(...request: unknown[]) => {
    reasons.push(currentCause()?.reason)
    asked.push(`${(request[2] as TokenRequest).spec.boundObjectRef?.name} at ${Math.floor(clock.monotonicMs() / 60_000)}`)
    if (fails) throw new Error('no server')
    return answer<R>()
  }
  const named = (name: string): Pod => ({ ...pod, metadata: { name, namespace: 'default', uid: name } })
  await volumes.mount(named('a'))
  await clock.advance(60_000)
  await volumes.mount(named('b'))
  await volumes.mount(named('c'))
  assert.equal(clock.waiting, 1)
  assert.deepEqual(asked.splice(0), ['a at 0', 'b at 1', 'c at 1'])
  await volumes.unmount('a', signal)
  fails = true
  await clock.advance(dayMinutes * 60_000)
  const tries = asked.splice(0)
  assert.ok(tries.length > 2, 'tried again')
  assert.deepEqual(new Set(tries), new Set([`b at ${dayMinutes}`, `c at ${dayMinutes}`]))
  fails = false
  await clock.advance(2_000)
  assert.deepEqual(asked.sort(), [`b at ${dayMinutes + 1}`, `c at ${dayMinutes + 1}`])
  assert.deepEqual(new Set(reasons), new Set([undefined, 'a token in its volumes is to be renewed']))
  await clock.advance((dayMinutes / 2) * 60_000)
  assert.equal(asked.length, 2)
  await volumes.unmount('b', signal)
  await volumes.unmount('c', signal)
  assert.equal(clock.waiting, 0)
})

test('what is being made anew is made anew by the one that takes the place, too', async () => {
  const { signal } = new AbortController()
  const { volumes, clock, api } = newManager(signal)
  await volumes.mount(pod)
  let asked = 0
  api.createSubresource = () => new Promise(() => asked++)
  await clock.advance(dayMinutes * 60_000)
  assert.equal(asked, 1)
  const next = newManager(signal, clock.copy(), volumes.state)
  next.api.createSubresource = async () => {
    asked++
    throw new Error('no server')
  }
  await next.clock.advance(0)
  assert.equal(asked, 2)
})
