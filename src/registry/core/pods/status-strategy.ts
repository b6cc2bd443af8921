import type { Strategy } from '#apiserver/registry/resource.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { validatePodStatusUpdate } from '#api/core/v1/validation/pod-status.ts'
import { podStrategy } from './strategy.ts'

/** Writes of `pods/NAME/status`: by the kubelet, mostly. */
export const podStatusStrategy: Strategy<Pod> = {
  ...podStrategy,
  prepareForUpdate(pod, old) {
    pod.spec = old.spec
    if (old.metadata.ownerReferences === undefined) delete pod.metadata.ownerReferences
    else pod.metadata.ownerReferences = old.metadata.ownerReferences
    pod.status ??= {}
    pod.status.qosClass ||= old.status?.qosClass
    keepObservedGenerations(pod, old)
  },
  validateUpdate: validatePodStatusUpdate,
  warningsOnUpdate: () => [],
  resetFields: [['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']],
}

/** Writers that know nothing of observedGeneration do not erase it. */
function keepObservedGenerations({ status }: Pod, old: Pod): void {
  if (status === undefined) return
  if (!status.observedGeneration && old.status?.observedGeneration) status.observedGeneration = old.status.observedGeneration
  const left = [...(old.status?.conditions ?? [])]
  for (const condition of status.conditions ?? []) {
    const index = left.findIndex(({ type }) => type === condition.type)
    const [before] = index < 0 ? [] : left.splice(index, 1)
    if (!condition.observedGeneration && before?.observedGeneration) condition.observedGeneration = before.observedGeneration
  }
}
