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
export async function untilPodReady(client: Client, pod: Pod, signal: AbortSignal): Promise<void> {
  const { name, namespace } = pod.metadata
  while (!signal.aborted) {
    try {
      const ref = { apiVersion: 'v1', kind: 'Pod', namespace, fieldSelector: `metadata.name=${name}` }
      for await (const event of client.watch<Pod>(ref, signal)) {
        if (event.type === 'BOOKMARK') continue
        const { phase, reason, message } = event.object.status ?? {}
        if (event.type === 'DELETED') throw new PodFailedError(`pod "${keyOf(pod)}" was deleted`)
        if (phase === 'Failed')
          throw new PodFailedError(`pod "${keyOf(pod)}" failed${reason ? ` (${reason})` : ''}${message ? `: ${message}` : ''}`)
        if (phase === 'Succeeded' || isPodReady(event.object)) return
      }
    } catch (error) {
      if (!isExpired(error)) throw error
    }
  }
  throw signal.reason
}
