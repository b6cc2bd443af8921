import { create, fromBinary } from '@bufbuild/protobuf'
import { type Any, anyPack } from '@bufbuild/protobuf/wkt'
import { AsyncQueue } from '#base/async-queue.ts'
import type { Clock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import type { RuntimeEvent, RuntimeService } from '../cri.ts'
import { CRIError } from '../error.ts'
import {
  ContainerChangeSchema,
  EnvelopeSchema,
  ListTasksRequestSchema,
  ListTasksResponseSchema,
  PublishRequestSchema,
  SubscribeRequestSchema,
  TaskExitSchema,
  TaskOOMSchema,
  TaskStartSchema,
  TaskStatus,
} from '../gen/containerd.gen.ts'
import { encode } from './call.ts'
import { type ContainerFact, Settler } from './settle.ts'
import type { Transport } from './transport.ts'

const service = '/containerd.services.events.v1.Events'
const tasksService = '/containerd.services.tasks.v1.Tasks'
const inNamespace = { metadata: { 'containerd-namespace': 'k8s.io' } }
const markerTopic = '/coxswain/subscribed'
const filter = 'namespace==k8s.io,topic~="^/(tasks|containers|coxswain)/"'
/** The marker is repeated, because it may overtake the subscription; doubling from here. */
const firstMarkerRepeatMs = 2

export interface ContainerdEventsOptions {
  transport: Transport
  runtime: RuntimeService
  clock: Clock
}

/**
 * What GetContainerEvents would say, made from containerd's own event stream: for containerd 1.6, whose CRI has no events.
 * containerd announces an exit some 30 ms before its CRI knows, so each event is held back until the CRI's answer fits it.
 */
export async function* containerdEvents(options: ContainerdEventsOptions, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  await using group = new Group(signal)
  const output = new AsyncQueue<RuntimeEvent>()
  const settler = new Settler({ ...options, emit: event => output.push(event) })
  const subscribed = Promise.withResolvers<void>()
  const spawn = (task: (signal: AbortSignal) => Promise<void>) =>
    group.spawn(signal =>
      task(signal).catch(error => {
        output.close(error)
        subscribed.reject(error)
      }),
    )
  spawn(signal =>
    receive(options.transport, signal, fact => {
      if (fact === 'marker') subscribed.resolve()
      else spawn(signal => settler.settle(fact, signal))
    }),
  )
  spawn(signal => sendMarkers(options, subscribed.promise, signal))
  await subscribed.promise
  for (const fact of await missedExits(options, await settler.prime(group.signal), group.signal))
    spawn(signal => settler.settle(fact, signal))
  yield { type: 'Subscribed', containerID: '', podSandboxID: '', podUID: '' }
  yield* output
}

/**
 * Containers whose exit was announced before we listened, and of which the CRI does not know yet: it calls them running, but they have no
 * running task. Nobody will speak of them again.
 */
async function missedExits(
  { transport }: ContainerdEventsOptions,
  running: readonly string[],
  signal: AbortSignal,
): Promise<ContainerFact[]> {
  if (running.length === 0) return []
  const bytes = await transport.unary(`${tasksService}/List`, encode(ListTasksRequestSchema, {}), inNamespace, signal)
  const alive = new Set<string>()
  for (const { id, status } of fromBinary(ListTasksResponseSchema, bytes).tasks) if (status !== TaskStatus.STOPPED) alive.add(id)
  return running.filter(id => !alive.has(id)).map(containerID => ({ type: 'Stopped', containerID }))
}

async function receive(transport: Transport, signal: AbortSignal, onFact: (fact: ContainerFact | 'marker') => void): Promise<void> {
  const request = encode(SubscribeRequestSchema, { filters: [filter] })
  for await (const bytes of transport.serverStream(`${service}/Subscribe`, request, inNamespace, signal)) {
    const { topic, event } = fromBinary(EnvelopeSchema, bytes)
    if (topic === markerTopic) onFact('marker')
    const fact = event === undefined ? undefined : factOf(topic, event)
    if (fact !== undefined) onFact(fact)
  }
  throw new CRIError('Unavailable', 'the runtime ended the event stream')
}

function factOf(topic: string, event: Any): ContainerFact | undefined {
  const ofContainer = (type: 'Created' | 'Deleted'): ContainerFact => ({
    type,
    containerID: fromBinary(ContainerChangeSchema, event.value).id,
  })
  switch (topic) {
    case '/containers/create':
      return ofContainer('Created')
    case '/containers/delete':
      return ofContainer('Deleted')
    case '/tasks/start':
      return { type: 'Started', containerID: fromBinary(TaskStartSchema, event.value).containerId }
    case '/tasks/oom':
      return { type: 'OOM', containerID: fromBinary(TaskOOMSchema, event.value).containerId }
    case '/tasks/exit': {
      const exit = fromBinary(TaskExitSchema, event.value)
      // Any other id is a process that exec started.
      return exit.id === exit.containerId ? { type: 'Stopped', containerID: exit.containerId } : undefined
    }
    default:
      return undefined
  }
}

/** containerd does not say when a subscription has begun; that we receive an event of our own proves it. */
async function sendMarkers({ transport, clock }: ContainerdEventsOptions, seen: Promise<void>, signal: AbortSignal): Promise<void> {
  const done = new AbortController()
  const stopped = AbortSignal.any([signal, done.signal])
  seen.then(
    () => done.abort(),
    () => done.abort(),
  )
  const event = anyPack(ContainerChangeSchema, create(ContainerChangeSchema))
  const request = encode(PublishRequestSchema, { topic: markerTopic, event })
  for (let repeatMs = firstMarkerRepeatMs; !stopped.aborted; repeatMs *= 2) {
    await transport.unary(`${service}/Publish`, request, inNamespace, signal)
    await clock.sleep(repeatMs, stopped).catch(() => undefined)
  }
}
