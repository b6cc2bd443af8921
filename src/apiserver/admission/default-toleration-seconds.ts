import type { Pod } from '#api/core/v1/types.gen.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../registry/resource.ts'

const toleratedSeconds = 300
const taintKeys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** Pods stay five minutes on a node that is not ready or unreachable, unless they say otherwise. */
export class DefaultTolerationSeconds implements AdmissionPlugin {
  readonly name = 'DefaultTolerationSeconds'

  admit({ operation, object, context }: AdmissionRequest): void {
    if (context.resource.group !== '' || context.resource.resource !== 'pods' || context.subresource !== undefined) return
    if ((operation !== 'CREATE' && operation !== 'UPDATE') || object === undefined) return
    const { spec } = object as Pod
    if (spec === undefined) return
    const existing = spec.tolerations ?? []
    for (const key of taintKeys) {
      const covered = existing.some(
        toleration => (!toleration.key || toleration.key === key) && (!toleration.effect || toleration.effect === 'NoExecute'),
      )
      if (covered) continue
      const toleration = { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: toleratedSeconds }
      spec.tolerations = [...(spec.tolerations ?? []), toleration]
    }
  }
}
