import { type FieldError, type FieldPath, forbidden, invalid, path as pathOf, required } from '#apimachinery/validation/field-error.ts'
import { inclusiveRangeError } from '#apimachinery/validation/names.ts'
import { describeDifference, semanticEqual } from '../equality.ts'
import type { Container, Pod, PodSpec } from '../types.gen.ts'
import { mirrorPodAnnotation } from '../well-known.ts'
import { validateNodeAffinityNarrowed } from './affinity.ts'
import { validateCoreMetaUpdate } from './names.ts'
import { validatePodMetadataAndSpec } from './pod.ts'
import { validatePodAnnotationsUpdate } from './pod-annotations.ts'
import { validateOnlyAddedTolerations } from './tolerations.ts'

const specPath = pathOf('spec')
const annotationsPath = pathOf('metadata', 'annotations')
const int32Max = 2 ** 31 - 1

const updatableFields = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

/** What a user may change in a pod that exists: little. */
export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors = [
    ...validateCoreMetaUpdate(pod.metadata, old.metadata),
    ...validatePodMetadataAndSpec(pod),
    ...validatePodAnnotationsUpdate(pod.metadata, old.metadata, pod.spec, annotationsPath),
  ]
  for (const list of ['containers', 'initContainers'] as const) {
    const at = specPath.child(list)
    if ((pod.spec[list] ?? []).length !== (old.spec[list] ?? []).length) {
      return [...errors, forbidden(at, 'pod updates may not add or remove containers')]
    }
    errors.push(...validateImages(pod.spec[list] ?? [], at))
  }
  const deadline = validateDeadline(pod.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds)
  errors.push(...deadline.errors)
  if (deadline.stop) return errors
  errors.push(...validateOnlyAddedTolerations(pod.spec.tolerations ?? [], old.spec.tolerations ?? [], specPath.child('tolerations')))
  errors.push(...validateOnlyRemovedGates(pod.spec, old.spec, specPath.child('schedulingGates')))
  return [...errors, ...validateRest(pod.spec, old.spec)]
}

function validateImages(containers: readonly Container[], path: FieldPath): FieldError[] {
  return containers.flatMap(({ image = '' }, index) => {
    const at = path.index(index).child('image')
    if (image === '') return [required(at)]
    return image === image.trim() ? [] : [invalid(at, image, 'must not have leading or trailing whitespace')]
  })
}

/** The deadline may come, and come nearer; it may not go. */
function validateDeadline(now: number | undefined, old: number | undefined): { errors: FieldError[]; stop: boolean } {
  const at = specPath.child('activeDeadlineSeconds')
  if (now === undefined) {
    return { errors: old === undefined ? [] : [invalid(at, null, 'must not update from a positive integer to nil value')], stop: false }
  }
  if (now < 0 || now > int32Max) return { errors: [invalid(at, now, inclusiveRangeError(0, int32Max))], stop: true }
  if (old !== undefined && old < now) return { errors: [invalid(at, now, 'must be less than or equal to previous value')], stop: true }
  return { errors: [], stop: false }
}

function validateOnlyRemovedGates(now: PodSpec, old: PodSpec, path: FieldPath): FieldError[] {
  const oldNames = (old.schedulingGates ?? []).map(({ name }) => name)
  return (now.schedulingGates ?? []).flatMap(({ name }, index) =>
    oldNames.includes(name)
      ? []
      : [forbidden(path.index(index).child('name'), `only deletion is allowed, but found new scheduling gate '${name}'`)],
  )
}

/** With all that may change set back to what it was, the specs must be equal. */
function validateRest(now: PodSpec, old: PodSpec): FieldError[] {
  if (semanticEqual(now, old)) return []
  const errors: FieldError[] = []
  const munged: PodSpec = {
    ...now,
    containers: withOldImages(now.containers, old.containers),
    initContainers: withOldImages(now.initContainers ?? [], old.initContainers ?? []),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
  }
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && now.terminationGracePeriodSeconds === 1) {
    munged.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds
  }
  if (old.schedulingGates?.length) {
    for (const [key, value] of Object.entries(old.nodeSelector ?? {})) {
      if (now.nodeSelector?.[key] === value) continue
      const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
      errors.push(invalid(specPath.child('nodeSelector'), now.nodeSelector ?? {}, detail))
      break
    }
    munged.nodeSelector = old.nodeSelector
    const oldAffinity = old.affinity?.nodeAffinity
    errors.push(...validateNodeAffinityNarrowed(now.affinity?.nodeAffinity, oldAffinity, specPath.child('affinity', 'nodeAffinity')))
    munged.affinity = { ...now.affinity, nodeAffinity: oldAffinity }
  }
  if (semanticEqual(munged, old)) return errors
  const difference = describeDifference(old, munged, 'spec')
  return [...errors, forbidden(specPath, `pod updates may not change fields other than ${updatableFields}\n${difference}`)]
}

function withOldImages(containers: readonly Container[], old: readonly Container[]): Container[] {
  return containers.map((container, index) => ({ ...container, image: old[index]?.image }))
}

/** Ephemeral containers can be added; what is there stays as it is. Both pods differ in nothing else. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.[mirrorPodAnnotation] !== undefined)
    return [forbidden('', 'static pods do not support ephemeral containers')]
  const errors = [
    ...validateCoreMetaUpdate(pod.metadata, old.metadata),
    ...validatePodMetadataAndSpec(pod),
    ...validatePodAnnotationsUpdate(pod.metadata, old.metadata, pod.spec, annotationsPath),
  ]
  const at = specPath.child('ephemeralContainers')
  for (const container of old.spec.ephemeralContainers ?? []) {
    const now = pod.spec.ephemeralContainers?.find(({ name }) => name === container.name)
    if (now === undefined) errors.push(forbidden(at, `existing ephemeral containers "${container.name}" may not be removed\n`))
    else if (!semanticEqual(now, container)) {
      const difference = describeDifference(container, now)
      errors.push(forbidden(at, `existing ephemeral containers "${container.name}" may not be changed\n${difference}`))
    }
  }
  return errors
}
