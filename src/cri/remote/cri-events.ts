import { fromBinary } from '@bufbuild/protobuf'
import type { RuntimeEvent, RuntimeEventType } from '../cri.ts'
import { CRIError } from '../error.ts'
import { ContainerEventResponseSchema, ContainerEventType, GetEventsRequestSchema } from '../gen/runtime.gen.ts'
import { encode } from './call.ts'
import type { Transport } from './transport.ts'

const types: Record<number, RuntimeEventType> = {
  [ContainerEventType.CONTAINER_CREATED_EVENT]: 'Created',
  [ContainerEventType.CONTAINER_STARTED_EVENT]: 'Started',
  [ContainerEventType.CONTAINER_STOPPED_EVENT]: 'Stopped',
  [ContainerEventType.CONTAINER_DELETED_EVENT]: 'Deleted',
}

/** The events of CRI's GetContainerEvents. The runtime keeps what happened before the call for us, so the first subscription loses nothing. */
export async function* criEvents(transport: Transport, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const stream = transport.serverStream('/runtime.v1.RuntimeService/GetContainerEvents', encode(GetEventsRequestSchema, {}), {}, signal)
  yield { type: 'Subscribed', containerID: '', podSandboxID: '', podUID: '' }
  for await (const bytes of stream) {
    const { containerEventType, containerId, podSandboxStatus } = fromBinary(ContainerEventResponseSchema, bytes)
    const type = types[containerEventType]
    if (type === undefined) continue
    yield { type, containerID: containerId, podSandboxID: podSandboxStatus?.id ?? '', podUID: podSandboxStatus?.metadata?.uid ?? '' }
  }
  throw new CRIError('Unavailable', 'the runtime ended the event stream')
}
