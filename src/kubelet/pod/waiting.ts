import type { Pod } from '#api/core/v1/types.gen.ts'
import { limits } from '../limits.ts'
import type { PodMemory, WaitingMemory } from './memory.ts'

/** How the kubelet names a pod in messages: `name_namespace(uid)`. */
export function formatPod({ metadata: { name, namespace = '', uid = '' } }: Pod): string {
  return `${name}_${namespace}(${uid})`
}

/** Why a container does not run (again), in the words of its status; undefined when nothing stands in its way. */
export function waitingOf(input: { memory: PodMemory; nowMs: number }, name: string): WaitingMemory | undefined {
  const { memory, nowMs } = input
  const failure = memory.images[name]?.failure
  if (failure !== undefined) {
    if (failure.reason !== 'ErrImagePull' || nowMs - failure.atMs < limits.failureShownMs) return failure
    return { reason: 'ImagePullBackOff', message: `Back-off pulling image "${failure.image}": ${failure.reason}: ${failure.message}` }
  }
  return memory.waiting[name]
}
