import type { Pod } from '#api/core/v1/types.gen.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../registry/resource.ts'

const toleratedSeconds = 300
/** All pods share these. */
const added = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].map(key =>
  Object.freeze({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: toleratedSeconds }),
)

/** Pods stay five minutes on a node that is not ready or unreachable, unless they say otherwise. */
export class DefaultTolerationSeconds implements AdmissionPlugin {
  readonly name = 'DefaultTolerationSeconds'

  admit({ operation, object, context }: AdmissionRequest): void {
    if (context.resource.group !== '' || context.resource.resource !== 'pods' || context.subresource !== undefined) return
    if ((operation !== 'CREATE' && operation !== 'UPDATE') || object === undefined) return
    const { spec } = object as Pod
    if (spec === undefined) return
    const existing = spec.tolerations ?? []
    const missing = added.filter(
      ({ key }) => !existing.some(({ key: other, effect }) => (!other || other === key) && (!effect || effect === 'NoExecute')),
    )
    if (missing.length > 0) spec.tolerations = existing.concat(missing)
  }
}
