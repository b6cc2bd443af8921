import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { VirtualClock } from '#base/clock.ts'
import type { RuntimeEvent, RuntimeService } from '../cri.ts'
import {
  ContainerState,
  ContainerStatusResponseSchema,
  ListContainersResponseSchema,
  ListPodSandboxResponseSchema,
  PodSandboxState,
} from '../gen/runtime.gen.ts'
import { Settler } from './settle.ts'

const { CONTAINER_CREATED, CONTAINER_RUNNING, CONTAINER_EXITED } = ContainerState
const { SANDBOX_READY, SANDBOX_NOTREADY } = PodSandboxState
const { signal } = new AbortController()

/** What a runtime would answer about one container (`c`) and one sandbox (`s`); changed by the tests. */
class World {
  container: ContainerState | undefined
  sandbox: PodSandboxState | undefined
  reason = ''
  lists = 0
  readonly clock = new VirtualClock()
  readonly events: RuntimeEvent[] = []
  readonly settler: Settler

  constructor(state: { container?: ContainerState; sandbox?: PodSandboxState }) {
    this.container = state.container
    this.sandbox = state.sandbox
    const runtime: Pick<RuntimeService, 'listContainers' | 'listPodSandbox' | 'containerStatus'> = {
      listContainers: async request => {
        this.lists++
        const isWanted = request.filter === undefined || request.filter.id === 'c'
        const labels = { 'io.kubernetes.pod.uid': 'u' }
        const containers = this.container === undefined || !isWanted ? [] : [{ id: 'c', podSandboxId: 's', state: this.container, labels }]
        return create(ListContainersResponseSchema, { containers })
      },
      listPodSandbox: async request => {
        const isWanted = request.filter === undefined || request.filter.id === 's'
        const items = this.sandbox === undefined || !isWanted ? [] : [{ id: 's', state: this.sandbox, metadata: { uid: 'u' } }]
        return create(ListPodSandboxResponseSchema, { items })
      },
      containerStatus: async () => create(ContainerStatusResponseSchema, { status: { reason: this.reason } }),
    }
    this.settler = new Settler({ runtime: runtime as RuntimeService, clock: this.clock, emit: event => this.events.push(event) })
  }

  get types(): string[] {
    return this.events.map(({ type }) => type)
  }
}

test('settle: the CRI agrees already → delivered at once, with the pod', async () => {
  const world = new World({ container: CONTAINER_EXITED })
  await world.settler.settle({ type: 'Stopped', containerID: 'c' }, signal)
  assert.deepEqual(world.events, [{ type: 'Stopped', containerID: 'c', podSandboxID: 's', podUID: 'u' }])
})

const late = [
  { type: 'Started', have: { container: CONTAINER_CREATED }, then: { container: CONTAINER_RUNNING }, id: 'c' },
  { type: 'Stopped', have: { container: CONTAINER_RUNNING }, then: { container: CONTAINER_EXITED }, id: 'c' },
  { type: 'Stopped', have: { sandbox: SANDBOX_READY }, then: { sandbox: SANDBOX_NOTREADY }, id: 's' },
  { type: 'Stopped', have: { container: CONTAINER_RUNNING }, then: { container: undefined }, id: 'c' },
  { type: 'Created', have: {}, then: { sandbox: SANDBOX_READY }, id: 's' },
  { type: 'Deleted', have: { container: CONTAINER_EXITED }, then: { container: undefined }, id: 'c' },
] as const
for (const { type, have, then, id } of late)
  test(`settle: ${type}, and the CRI follows from ${JSON.stringify(have)} to ${JSON.stringify(then)} → delivered only then`, async () => {
    const world = new World(have)
    const settled = world.settler.settle({ type, containerID: id }, signal)
    await world.clock.advance(100)
    assert.deepEqual(world.types, [])
    Object.assign(world, then)
    await world.clock.advance(40)
    await settled
    assert.deepEqual(world.types, [type])
  })

test('settle: the CRI never agrees → delivered after five seconds', async () => {
  const world = new World({ container: CONTAINER_RUNNING })
  const settled = world.settler.settle({ type: 'Stopped', containerID: 'c' }, signal)
  await world.clock.advance(4_900)
  assert.deepEqual(world.types, [])
  await world.clock.advance(200)
  await settled
  assert.deepEqual(world.types, ['Stopped'])
})

test('settle: the end comes while the start still waits → the start is left out, the end is told', async () => {
  const world = new World({ container: CONTAINER_CREATED })
  const settled = world.settler.settle({ type: 'Started', containerID: 'c' }, signal)
  await world.clock.advance(5)
  world.container = CONTAINER_EXITED
  await world.settler.settle({ type: 'Stopped', containerID: 'c' }, signal)
  await world.clock.advance(40)
  await settled
  assert.deepEqual(world.types, ['Stopped'])
})

test('settle: memory ran out before the end → told when the reason is there', async () => {
  const world = new World({ container: CONTAINER_EXITED })
  await world.settler.settle({ type: 'OOM', containerID: 'c' }, signal)
  assert.deepEqual(world.types, [])
  const settled = world.settler.settle({ type: 'Stopped', containerID: 'c' }, signal)
  await world.clock.advance(20)
  assert.deepEqual(world.types, [])
  world.reason = 'OOMKilled'
  await world.clock.advance(40)
  await settled
  assert.deepEqual(world.types, ['Stopped'])
})

test('settle: memory ran out, reported after the end → the end is told again', async () => {
  const world = new World({ container: CONTAINER_EXITED })
  await world.settler.settle({ type: 'Stopped', containerID: 'c' }, signal)
  world.reason = 'OOMKilled'
  await world.settler.settle({ type: 'OOM', containerID: 'c' }, signal)
  assert.deepEqual(world.types, ['Stopped', 'Stopped'])
})

test('settle: only a process inside ran out of memory and the container goes on → nothing to tell', async () => {
  const world = new World({ container: CONTAINER_RUNNING })
  await world.settler.settle({ type: 'OOM', containerID: 'c' }, signal)
  assert.deepEqual(world.types, [])
})

test('settle: removed at once, but known from before → the pod is told', async () => {
  const world = new World({ container: CONTAINER_EXITED })
  await world.settler.prime(signal)
  world.container = undefined
  await world.settler.settle({ type: 'Deleted', containerID: 'c' }, signal)
  assert.deepEqual(world.events, [{ type: 'Deleted', containerID: 'c', podSandboxID: 's', podUID: 'u' }])
})

test('settle: aborted while waiting → rejects with the reason', async () => {
  const world = new World({ container: CONTAINER_RUNNING })
  const controller = new AbortController()
  const settled = world.settler.settle({ type: 'Stopped', containerID: 'c' }, controller.signal)
  await world.clock.advance(5)
  controller.abort(new Error('enough'))
  await assert.rejects(settled, { message: 'enough' })
})
