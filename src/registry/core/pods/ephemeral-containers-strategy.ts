import type { Strategy } from '#apiserver/registry/resource.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { validateEphemeralContainersUpdate } from '#api/core/v1/validation/pod-update.ts'
import { keepMetadataOfOld } from './metadata.ts'
import { bumpGeneration, keepStatus, podStrategy } from './strategy.ts'

/** `pods/NAME/ephemeralcontainers`: how debuggers get into a running pod. */
export const ephemeralContainersStrategy: Strategy<Pod> = {
  ...podStrategy,
  prepareForUpdate(pod, old) {
    pod.spec = { ...old.spec, ephemeralContainers: pod.spec.ephemeralContainers }
    keepStatus(pod, old)
    keepMetadataOfOld(pod, old)
    bumpGeneration(pod, old)
  },
  validateUpdate: validateEphemeralContainersUpdate,
  warningsOnUpdate: () => [],
  resetFields: [['status']],
}
