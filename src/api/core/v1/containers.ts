import { type FieldPath, path } from '#apimachinery/validation/field-error.ts'
import type { Container, EphemeralContainer, PodSpec } from './types.gen.ts'

/** What any container of a pod has: ephemeral containers have all fields of the others and one more. */
export type AnyContainer = Container | EphemeralContainer

export interface PlacedContainer {
  container: AnyContainer
  type: 'init' | 'regular' | 'ephemeral'
  index: number
  /** Where it is, from the pod spec: `spec.initContainers[0]`. */
  path: FieldPath
}

/** All containers of a pod in the order in which upstream visits them: init, regular, ephemeral. */
export function* containersOf(spec: PodSpec, specPath: FieldPath = path('spec')): Generator<PlacedContainer> {
  yield* placed(spec.initContainers, 'init', specPath.child('initContainers'))
  yield* placed(spec.containers, 'regular', specPath.child('containers'))
  yield* placed(spec.ephemeralContainers, 'ephemeral', specPath.child('ephemeralContainers'))
}

function* placed(list: AnyContainer[] | undefined, type: PlacedContainer['type'], listPath: FieldPath): Generator<PlacedContainer> {
  for (const [index, container] of (list ?? []).entries()) yield { container, type, index, path: listPath.index(index) }
}

/** An init container that keeps running beside the others (KEP-753). */
export function isSidecar(container: AnyContainer | undefined): boolean {
  return container?.restartPolicy === 'Always'
}

export function containerNames(spec: PodSpec): string[] {
  return [...containersOf(spec)].map(({ container }) => container.name)
}
