import type { Pod } from '#api/core/v1/types.gen.ts'
import { isPodReady } from '#api/core/v1/pod-conditions.ts'
import { keyOf } from '#apimachinery/meta/v1/object.ts'
import { isExpired } from '#apimachinery/status/status.ts'
import type { Client } from '#client/client.ts'

/** A pod that will never be ready. */
export class PodFailedError extends Error {
  override readonly name = 'PodFailedError'
}

/**
 * Resolves when the pod is Ready, or has done its work (Succeeded).
 * @throws PodFailedError when it failed for good or was deleted; the signal's reason
 */
export async function untilPodReady(client: Client, { metadata }: Pod, signal: AbortSignal): Promise<void> {
  const { name, namespace } = metadata
  const pods = { apiVersion: 'v1', kind: 'Pod', namespace, fieldSelector: `metadata.name=${name}` }
  for (;;) {
    signal.throwIfAborted()
    const { items, metadata: list } = await client.list<Pod>(pods, signal)
    const [pod] = items
    if (pod === undefined) throw new PodFailedError(`pod "${keyOf({ metadata })}" was deleted`)
    if (isDone(pod)) return
    try {
      for await (const events of client.watch<Pod>({ ...pods, resourceVersion: list.resourceVersion ?? '' }, signal)) {
        for (const { type, object } of events) {
          if (type === 'DELETED') throw new PodFailedError(`pod "${keyOf({ metadata })}" was deleted`)
          if (type !== 'BOOKMARK' && isDone(object)) return
        }
      }
    } catch (error) {
      if (!isExpired(error)) throw error
    }
  }
}

function isDone(pod: Pod): boolean {
  const { phase, reason, message } = pod.status ?? {}
  if (phase !== 'Failed') return phase === 'Succeeded' || isPodReady(pod)
  throw new PodFailedError(`pod "${keyOf(pod)}" failed${reason ? ` (${reason})` : ''}${message ? `: ${message}` : ''}`)
}
