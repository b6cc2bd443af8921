import type { Pod } from '#api/core/v1/types.gen.ts'
import type { ObservedPod } from '../runtime/observed.ts'

const defaultGraceSeconds = 30

/** A pod as it must have been, from what is left of it in the runtime: enough to stop and remove it. */
export function orphanPod({ uid, name, namespace, containers }: ObservedPod): Pod {
  const names = [...new Set(containers.map(container => container.name))]
  const grace = containers.find(({ podGracePeriodSeconds }) => podGracePeriodSeconds !== undefined)?.podGracePeriodSeconds
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid },
    spec: { containers: names.map(each => ({ name: each })), terminationGracePeriodSeconds: grace ?? defaultGraceSeconds },
  }
}
