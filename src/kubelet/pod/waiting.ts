import type { Pod } from '#api/core/v1/types.gen.ts'
import { limits } from '../limits.ts'
import type { ObservedContainer } from '../runtime/observed.ts'
import { backOffUntilMs, crashBackOffLimits, formatDuration } from './backoff.ts'
import type { PodMemory, WaitingMemory } from './memory.ts'

/** How the kubelet names a pod in messages: `name_namespace(uid)`. */
export function formatPod({ metadata: { name, namespace = '', uid = '' } }: Pod): string {
  return `${name}_${namespace}(${uid})`
}

/** Why a container does not run (again), in the words of its status; undefined when nothing stands in its way. */
export function waitingOf(
  input: { pod: Pod; memory: PodMemory; nowMs: number },
  name: string,
  last?: ObservedContainer,
): WaitingMemory | undefined {
  const { pod, memory, nowMs } = input
  const failure = memory.images[name]?.failure
  if (failure !== undefined) {
    if (failure.reason !== 'ErrImagePull' || nowMs - failure.atMs < limits.failureShownMs) return failure
    return { reason: 'ImagePullBackOff', message: `Back-off pulling image "${failure.image}": ${failure.reason}: ${failure.message}` }
  }
  const crash = memory.crashes[name]
  if (last?.state === 'exited' && nowMs - last.finishedAtMs >= limits.failureShownMs) {
    const untilMs = backOffUntilMs(crash, last.finishedAtMs, crashBackOffLimits)
    if (crash !== undefined && untilMs !== undefined && untilMs > nowMs)
      return {
        reason: 'CrashLoopBackOff',
        message: `back-off ${formatDuration(crash.delayMs)} restarting failed container=${name} pod=${formatPod(pod)}`,
      }
  }
  return memory.waiting[name]
}
