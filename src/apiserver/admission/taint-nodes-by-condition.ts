import type { Node } from '#api/core/v1/types.gen.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../registry/resource.ts'

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

/** A new node takes no pods before the node lifecycle controller has seen it ready. */
export class TaintNodesByCondition implements AdmissionPlugin {
  readonly name = 'TaintNodesByCondition'

  admit({ operation, object, context }: AdmissionRequest): void {
    const { group, resource } = context.resource
    if (group !== '' || resource !== 'nodes' || context.subresource !== undefined || operation !== 'CREATE' || object === undefined) return
    const spec = ((object as Node).spec ??= {})
    const isTainted = spec.taints?.some(taint => taint.key === notReady.key && taint.effect === notReady.effect)
    if (!isTainted) spec.taints = (spec.taints ?? []).concat({ ...notReady })
  }
}
