import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { VirtualClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import type { RuntimeService } from '#cri/cri.ts'
import { CRIError } from '#cri/error.ts'
import { ContainerState, ContainerStatusResponseSchema } from '#cri/gen/runtime.gen.ts'
import { RuntimeState } from './runtime-state.ts'

type Answer = { resolve(state: ContainerState): void; reject(error: unknown): void }

/** A runtime whose answers come when the test says. */
function world(): { state: RuntimeState; answers: Answer[]; look(): Promise<unknown>; shown(): string | undefined } {
  const answers: Answer[] = []
  const labels = { 'io.kubernetes.pod.uid': 'u', 'io.kubernetes.container.name': 'c' }
  const containerStatus = () =>
    new Promise((resolve, reject) => {
      answers.push({ resolve: state => resolve(create(ContainerStatusResponseSchema, { status: { id: 'c1', state, labels } })), reject })
    })
  const runtime = { containerStatus } as unknown as RuntimeService
  const state = new RuntimeState({ runtime, clock: new VirtualClock(), log: silentLogger, terminationMessage: async () => undefined })
  const { signal } = new AbortController()
  const look = () => state.refreshContainer('c1', 's1', signal)
  return { state, answers, look, shown: () => state.get('u')?.containers[0]?.state }
}

test('runtime state: an answer counts although a later look is under way', async () => {
  const { answers, look, shown } = world()
  const [first, second] = [look(), look()]
  answers[0]!.resolve(ContainerState.CONTAINER_RUNNING)
  await first
  assert.equal(shown(), 'running')
  answers[1]!.resolve(ContainerState.CONTAINER_EXITED)
  await second
  assert.equal(shown(), 'exited')
})

test('runtime state: a late answer to an older look is dropped', async () => {
  const { answers, look, shown } = world()
  const [first, second] = [look(), look()]
  answers[1]!.resolve(ContainerState.CONTAINER_RUNNING)
  await second
  answers[0]!.resolve(ContainerState.CONTAINER_CREATED)
  await first
  assert.equal(shown(), 'running')
})

test('runtime state: a container that is gone does not come back with a late answer', async () => {
  const { answers, look, shown } = world()
  const [first, second] = [look(), look()]
  answers[1]!.reject(new CRIError('NotFound', 'c1'))
  await second
  answers[0]!.resolve(ContainerState.CONTAINER_RUNNING)
  await first
  assert.equal(shown(), undefined)
})

test('runtime state: a container whose end was told does not come back with an answer of before', async () => {
  const { state, answers, look, shown } = world()
  const first = look()
  state.forget('c1')
  answers[0]!.resolve(ContainerState.CONTAINER_EXITED)
  await first
  assert.equal(shown(), undefined)
  const second = look()
  answers[1]!.resolve(ContainerState.CONTAINER_RUNNING)
  await second
  assert.equal(shown(), 'running')
})

test('runtime state: an answer that says what is known tells nobody, and changes nothing', async () => {
  const { state, answers, look } = world()
  const told: string[] = []
  using _listening = state.onChange(uid => told.push(uid))
  const shown = new Set<unknown>()
  for (const said of [ContainerState.CONTAINER_RUNNING, ContainerState.CONTAINER_RUNNING]) {
    const looked = look()
    answers.at(-1)!.resolve(said)
    shown.add(await looked)
    shown.add(state.get('u')?.containers[0])
  }
  assert.deepEqual([told, shown.size], [['u'], 1])
})

test('runtime state: of two containers of one millisecond the newer one is first', async () => {
  const nanoseconds: Record<string, bigint> = { older: 1_767_225_600_000_000_300n, newer: 1_767_225_600_000_300_000n }
  const labels = { 'io.kubernetes.pod.uid': 'u', 'io.kubernetes.container.name': 'c' }
  const containerStatus = async ({ containerId = '' }) =>
    create(ContainerStatusResponseSchema, { status: { id: containerId, createdAt: nanoseconds[containerId]!, labels } })
  const runtime = { containerStatus } as unknown as RuntimeService
  const state = new RuntimeState({ runtime, clock: new VirtualClock(), log: silentLogger, terminationMessage: async () => undefined })
  for (const id of ['older', 'newer']) await state.refreshContainer(id, 's1', new AbortController().signal)
  assert.deepEqual(
    state.get('u')?.containers.map(({ id }) => id),
    ['newer', 'older'],
  )
})

test('runtime state: one that takes the place of another asks for events again when that would have', async () => {
  let asked: number[] = []
  const clock = new VirtualClock()
  const follow = (on: VirtualClock, memory?: RuntimeState['memory']) => {
    const containerEvents = () => {
      asked.push(on.monotonicMs())
      throw new CRIError('Unavailable', 'down')
    }
    const runtime = { containerEvents } as unknown as RuntimeService
    const state = new RuntimeState({ runtime, clock: on, log: silentLogger, terminationMessage: async () => undefined }, memory)
    const stop = new AbortController()
    const running = state.run(stop.signal)
    const end = async () => {
      stop.abort()
      await running
      return asked.splice(0)
    }
    return { state, end }
  }
  const original = follow(clock)
  await clock.advance(20_000)
  asked = []
  const copy = clock.copy()
  const following = follow(copy, original.state.memory)
  await copy.advance(20_000)
  const times = await following.end()
  await clock.advance(20_000)
  assert.deepEqual(await original.end(), times)
  assert.deepEqual([times.length, clock.waiting, copy.waiting], [4, 0, 0])
})

test('runtime state: one that takes the place of another which has heard of nothing yet does not know what runs', async () => {
  const runtime = {} as unknown as RuntimeService
  const options = { runtime, clock: new VirtualClock(), log: silentLogger, terminationMessage: async () => undefined }
  let isSynced = false
  const copy = new RuntimeState(options, new RuntimeState(options).memory)
  copy.synced.then(() => (isSynced = true), assert.fail)
  await new Promise(setImmediate)
  assert.equal(isSynced, false)
})
