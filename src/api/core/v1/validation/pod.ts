import { type FieldError, forbidden, path as pathOf } from '#apimachinery/validation/field-error.ts'
import { nameIsDNSSubdomain, validateAnnotations, validateLabels } from '#apimachinery/validation/names.ts'
import type { FieldPath } from '#apimachinery/validation/field-error.ts'
import type { Pod, PodTemplateSpec } from '../types.gen.ts'
import { validateImageSpacing } from './container.ts'
import { validateCoreMeta } from './names.ts'
import { validatePodAnnotations, validateProfilesAgree } from './pod-annotations.ts'
import { validatePodSpec } from './pod-spec.ts'

const specPath = pathOf('spec')
const annotationsPath = pathOf('metadata', 'annotations')

export function validatePodCreate(pod: Pod): FieldError[] {
  const errors = validatePodMetadataAndSpec(pod)
  const { ephemeralContainers, nodeName, schedulingGates } = pod.spec
  if (ephemeralContainers?.length) errors.push(forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create'))
  if (nodeName && schedulingGates?.length) {
    errors.push(forbidden(specPath.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'))
  }
  return [...errors, ...validateProfilesAgree(pod.metadata, pod.spec)]
}

/** What holds for a pod at any time. */
export function validatePodMetadataAndSpec(pod: Pod): FieldError[] {
  const { metadata, spec } = pod
  const errors = [
    ...validateCoreMeta(metadata, { namespaced: true, nameFn: nameIsDNSSubdomain }),
    ...validatePodAnnotations(metadata.annotations, spec, annotationsPath),
    ...validatePodSpec(spec, specPath, { isPod: true, podName: metadata.name }),
  ]
  if (!spec.serviceAccountName) errors.push(...forbidTokens(pod))
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      errors.push(...validateImageSpacing(container, specPath.child(list).index(index)))
    }
  }
  return errors
}

function forbidTokens({ spec }: Pod): FieldError[] {
  return (spec.volumes ?? []).flatMap((volume, volumeIndex) =>
    (volume.projected?.sources ?? []).flatMap((source, index) => {
      if (source.serviceAccountToken === undefined) return []
      const at = specPath.child('volumes').index(volumeIndex).child('projected', 'sources').index(index).child('serviceAccountToken')
      return [forbidden(at, 'must not be specified when serviceAccountName is not set')]
    }),
  )
}

/** The pod template of a workload. */
export function validatePodTemplate(template: PodTemplateSpec, path: FieldPath): FieldError[] {
  const { metadata, spec } = template
  const errors = [
    ...validateLabels(metadata?.labels, path.child('labels')),
    ...validateAnnotations(metadata?.annotations, path.child('annotations')),
  ]
  if (spec === undefined) return errors
  errors.push(
    ...validatePodAnnotations(metadata?.annotations, spec, path.child('annotations')),
    ...validatePodSpec(spec, path.child('spec'), { isPod: false }),
    ...validateProfilesAgree(metadata ?? { name: '' }, spec, path.child('spec')),
  )
  if (spec.ephemeralContainers?.length) {
    errors.push(forbidden(path.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template'))
  }
  return errors
}
