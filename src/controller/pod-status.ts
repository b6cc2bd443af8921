import { findCondition, observedGenerationOf } from '#api/core/v1/pod-conditions.ts'
import type { Pod, PodCondition, PodStatus } from '#api/core/v1/types.gen.ts'
import { refOf } from '#client/rest-client.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import type { Client } from '#client/client.ts'

/** Writes these fields of the pod's status; what others write stays. @throws StatusError Conflict when the name is another pod's by now */
export async function patchPodStatus(client: Client, pod: Pod, status: PodStatus, signal: AbortSignal): Promise<void> {
  const body = { metadata: { uid: pod.metadata.uid }, status }
  await client.patch(refOf(pod), { type: 'strategic', body }, signal, { subresource: 'status' })
}

/** The condition that says why a pod is about to end; undefined when the pod says so already. */
export function disruptionTarget(pod: Pod, words: { reason: string; message: string }, nowMs: number): PodCondition | undefined {
  const before = findCondition(pod.status?.conditions, 'DisruptionTarget')
  if (before?.status === 'True' && before.reason === words.reason && before.message === words.message) return undefined
  const lastTransitionTime = before?.status === 'True' ? before.lastTransitionTime : formatTime(nowMs)
  return { type: 'DisruptionTarget', status: 'True', ...words, observedGeneration: observedGenerationOf(pod), lastTransitionTime }
}
