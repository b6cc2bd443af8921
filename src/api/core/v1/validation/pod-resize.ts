import { type FieldError, type FieldPath, forbidden, invalid, path as pathOf } from '#apimachinery/validation/field-error.ts'
import { isSidecar } from '../containers.ts'
import { semanticEqual } from '../equality.ts'
import { computePodQOS, podQOS } from '../qos.ts'
import { tryParse } from '../resource-list.ts'
import type { Container, ContainerResizePolicy, Pod, PodSpec, ResourceRequirements } from '../types.gen.ts'
import { mirrorPodAnnotation } from '../well-known.ts'
import { validateCoreMetaUpdate } from './names.ts'
import { validatePodMetadataAndSpec } from './pod.ts'

const specPath = pathOf('spec')

/** In-place resize (KEP-1287): CPU and memory of containers and sidecars change, and nothing else does. */
export function validatePodResize(pod: Pod, old: Pod): FieldError[] {
  const refusal = refusalOf(pod, old)
  if (refusal !== undefined) return [forbidden('', refusal)]
  const errors = [...validateCoreMetaUpdate(pod.metadata, old.metadata), ...validatePodMetadataAndSpec(pod)]
  if (podQOS(old) !== computePodQOS(pod.spec)) {
    errors.push(invalid(specPath, pod.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'))
  }
  const running = (old.status?.containerStatuses ?? []).find(({ state }) => state?.running !== undefined)
  if (running !== undefined && running.resources === undefined)
    errors.push(forbidden(specPath, 'Pod running on node without support for resize'))
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [index, container] of (old.spec[list] ?? []).entries()) {
      const now = pod.spec[list]?.[index]
      if (now === undefined || (list === 'initContainers' && !isSidecar(container))) continue
      errors.push(
        ...validateResources(
          now.resources ?? {},
          container.resources ?? {},
          now.resizePolicy,
          specPath.child(list).index(index).child('resources'),
        ),
      )
    }
  }
  errors.push(...validateOnlyComputeChanged(pod.spec, old.spec))
  if (errors.length > 0 || semanticEqual(withOldCompute(pod.spec, old.spec), old.spec)) return errors
  return [forbidden(specPath, 'only cpu and memory resources are mutable')]
}

function refusalOf(pod: Pod, old: Pod): string | undefined {
  if (hasPodLevel(pod.spec) || hasPodLevel(old.spec)) return 'pods with pod-level resources cannot be resized'
  if (old.metadata.annotations?.[mirrorPodAnnotation] !== undefined) return 'static pods cannot be resized'
  return old.spec.os?.name === 'windows' ? 'windows pods cannot be resized' : undefined
}

function hasPodLevel({ resources }: PodSpec): boolean {
  return Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length > 0
}

function validateResources(
  now: ResourceRequirements,
  old: ResourceRequirements,
  policies: readonly ContainerResizePolicy[] | undefined,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  for (const list of ['requests', 'limits'] as const) {
    const removed = Object.keys(old[list] ?? {}).some(name => now[list]?.[name] === undefined)
    if (removed) errors.push(forbidden(path.child(list), `resource ${list} cannot be removed`))
  }
  const policy = policies?.find(({ resourceName }) => resourceName === 'memory')?.restartPolicy ?? ''
  const newLimit = now.limits?.memory
  const oldLimit = old.limits?.memory
  if (policy !== 'RestartContainer' && newLimit !== undefined && oldLimit === undefined) {
    errors.push(forbidden(path.child('limits').key('memory'), 'memory limits cannot be added unless resizePolicy is RestartContainer'))
  }
  return errors
}

function validateOnlyComputeChanged(now: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = []
  const munged = withOldCompute(now, old)
  for (const [index, container] of munged.containers.entries()) {
    if (!semanticEqual(container, old.containers[index])) errors.push(forbidden(specPath, 'only cpu and memory resources are mutable'))
  }
  for (const [index, container] of (munged.initContainers ?? []).entries()) {
    if (semanticEqual(container, old.initContainers?.[index])) continue
    const detail = isSidecar(container)
      ? 'only cpu and memory resources for sidecar containers are mutable'
      : 'resources for non-sidecar init containers are immutable'
    errors.push(forbidden(specPath, detail))
  }
  return errors
}

function withOldCompute(now: PodSpec, old: PodSpec): PodSpec {
  const restore = (container: Container, before: Container | undefined): Container =>
    before === undefined ? container : { ...container, resources: oldCompute(container.resources, before.resources) }
  return {
    ...now,
    containers: now.containers.map((container, index) => restore(container, old.containers[index])),
    initContainers: now.initContainers?.map((container, index) =>
      isSidecar(container) ? restore(container, old.initContainers?.[index]) : container,
    ),
  }
}

function oldCompute(now: ResourceRequirements | undefined, old: ResourceRequirements | undefined): ResourceRequirements {
  const mix = (list: Record<string, string> | undefined, before: Record<string, string> | undefined) => {
    const result = { ...list }
    for (const name of ['cpu', 'memory']) {
      if (before?.[name] === undefined) delete result[name]
      else result[name] = before[name]
    }
    for (const name in before) if (tryParse(result[name])?.cmp(tryParse(before[name])!) === 0) result[name] = before[name]!
    return result
  }
  return { ...now, limits: mix(now?.limits, old?.limits), requests: mix(now?.requests, old?.requests) }
}
