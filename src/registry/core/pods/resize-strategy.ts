import type { Strategy } from '#apiserver/registry/resource.ts'
import type { Container, Pod } from '#api/core/v1/types.gen.ts'
import { validatePodResize } from '#api/core/v1/validation/pod-resize.ts'
import { keepMetadataOfOld } from './metadata.ts'
import { bumpGeneration, keepStatus, podStrategy } from './strategy.ts'

/** `pods/NAME/resize`: new amounts of CPU and memory for running containers (KEP-1287). */
export const resizeStrategy: Strategy<Pod> = {
  ...podStrategy,
  prepareForUpdate(pod, old) {
    keepAllButResources(pod, old)
    bumpGeneration(pod, old)
  },
  validateUpdate: validatePodResize,
  warningsOnUpdate: () => [],
  resetFields: [['status']],
}

/** A list of containers that does not fit the old one is left for validation to refuse. */
function keepAllButResources(pod: Pod, old: Pod): void {
  const { containers, initContainers } = pod.spec
  if (!sameLength(containers, old.spec.containers) || !sameLength(initContainers, old.spec.initContainers)) return
  pod.spec = { ...old.spec, containers: withResources(containers, old.spec.containers), resources: pod.spec.resources }
  if (initContainers !== undefined) pod.spec.initContainers = withResources(initContainers, old.spec.initContainers ?? [])
  keepStatus(pod, old)
  keepMetadataOfOld(pod, old)
}

function sameLength(a: readonly unknown[] | undefined, b: readonly unknown[] | undefined): boolean {
  return (a ?? []).length === (b ?? []).length
}

function withResources(now: Container[], old: readonly Container[]): Container[] {
  if (now.some(({ name }, index) => name !== old[index]?.name)) return now
  return old.map((container, index) => ({ ...container, resources: now[index]!.resources, resizePolicy: now[index]!.resizePolicy }))
}
