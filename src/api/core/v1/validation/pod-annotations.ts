import { type FieldError, type FieldPath, forbidden, invalid, path as pathOf } from '#apimachinery/validation/field-error.ts'
import { containerNames, containersOf } from '../containers.ts'
import type { ObjectMeta } from '#apimachinery/meta/v1/types.gen.ts'
import type { PodSpec, SeccompProfile } from '../types.gen.ts'
import {
  appArmorAnnotationPrefix,
  mirrorPodAnnotation,
  podDeletionCostAnnotation,
  seccompContainerAnnotationPrefix,
  seccompPodAnnotation,
} from '../well-known.ts'
import { validateLocalDescendingPath } from './paths.ts'

const int32 = /^(0|[+-]?[1-9][0-9]*)$/

/** Annotations of a pod that mean something to Kubernetes itself. */
export function validatePodAnnotations(annotations: Record<string, string> | undefined, spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(annotations ?? {})) {
    if (key === mirrorPodAnnotation && !spec.nodeName) {
      errors.push(invalid(path.key(key), value, 'must set spec.nodeName if mirror pod annotation is set'))
    }
    if (key === podDeletionCostAnnotation && !isInt32(value)) errors.push(invalid(path.key(key), value, 'must be a 32bit integer'))
    if (key === seccompPodAnnotation || key.startsWith(seccompContainerAnnotationPrefix)) {
      errors.push(...validateSeccompAnnotation(value, path.child(key)))
    }
    if (key.startsWith(appArmorAnnotationPrefix)) errors.push(...validateAppArmorAnnotation(key, value, spec, path.key(key)))
  }
  return errors
}

function isInt32(text: string): boolean {
  return int32.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31
}

function validateSeccompAnnotation(profile: string, path: FieldPath): FieldError[] {
  if (profile === 'runtime/default' || profile === 'docker/default' || profile === 'unconfined') return []
  if (profile.startsWith('localhost/')) return validateLocalDescendingPath(profile.slice('localhost/'.length), path)
  return [invalid(path, profile, 'must be a valid seccomp profile')]
}

function validateAppArmorAnnotation(key: string, profile: string, spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const name = key.slice(appArmorAnnotationPrefix.length)
  if (!containerNames(spec).includes(name)) errors.push(invalid(path, name, 'container not found'))
  const known = profile === '' || profile === 'runtime/default' || profile === 'unconfined' || profile.startsWith('localhost/')
  if (!known) errors.push(invalid(path, profile, `invalid AppArmor profile name: "${profile}"`))
  return errors
}

/** The annotations that tie a pod to a file of a node, or to a profile, stay as they were. */
export function validatePodAnnotationsUpdate(now: ObjectMeta, old: ObjectMeta, spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { annotations: newOnes = {} } = now
  const { annotations: oldOnes = {} } = old
  for (const [key, value] of Object.entries(oldOnes)) {
    if (newOnes[key] === value) continue
    if (key.startsWith(appArmorAnnotationPrefix)) errors.push(forbidden(path.key(key), 'may not remove or update AppArmor annotations'))
    if (key === mirrorPodAnnotation) errors.push(forbidden(path.key(key), 'may not remove or update mirror pod annotation'))
  }
  for (const key of Object.keys(newOnes)) {
    if (oldOnes[key] !== undefined) continue
    if (key.startsWith(appArmorAnnotationPrefix)) errors.push(forbidden(path.key(key), 'may not add AppArmor annotations'))
    if (key === mirrorPodAnnotation) errors.push(forbidden(path.key(key), 'may not add mirror pod annotation'))
  }
  return [...errors, ...validatePodAnnotations(newOnes, spec, path)]
}

/** Where a profile is given both by an annotation of old and by a field, the two must say the same. */
export function validateProfilesAgree(meta: ObjectMeta, spec: PodSpec, path: FieldPath = pathOf('spec')): FieldError[] {
  const errors: FieldError[] = []
  const annotations = meta.annotations ?? {}
  const ofPod = spec.securityContext
  if (ofPod?.seccompProfile !== undefined && annotations[seccompPodAnnotation] !== undefined) {
    errors.push(
      ...compareProfile(
        annotations[seccompPodAnnotation],
        ofPod.seccompProfile,
        path.child('securityContext', 'seccompProfile'),
        'seccomp',
      ),
    )
  }
  for (const { container, path: at } of containersOf(spec, path)) {
    const seccomp = annotations[`${seccompContainerAnnotationPrefix}${container.name}`]
    const seccompField = container.securityContext?.seccompProfile
    if (seccomp !== undefined && seccompField !== undefined) {
      errors.push(...compareProfile(seccomp, seccompField, at.child('securityContext', 'seccompProfile'), 'seccomp'))
    }
    const appArmor = annotations[`${appArmorAnnotationPrefix}${container.name}`]
    const appArmorField = container.securityContext?.appArmorProfile ?? ofPod?.appArmorProfile
    if (appArmor !== undefined && appArmorField !== undefined && spec.os?.name !== 'windows') {
      errors.push(...compareProfile(appArmor, appArmorField, at.child('securityContext', 'appArmorProfile'), 'apparmor'))
    }
  }
  return errors
}

function compareProfile(annotation: string, profile: SeccompProfile, path: FieldPath, kind: 'seccomp' | 'apparmor'): FieldError[] {
  const typeDiffers = [forbidden(path.child('type'), `${kind} type in annotation and field must match`)]
  if (profile.type === 'Unconfined') return annotation === 'unconfined' ? [] : typeDiffers
  if (profile.type === 'RuntimeDefault') {
    return annotation === 'runtime/default' || (kind === 'seccomp' && annotation === 'docker/default') ? [] : typeDiffers
  }
  if (profile.type !== 'Localhost') return []
  if (!annotation.startsWith('localhost/')) return typeDiffers
  if (annotation.slice('localhost/'.length) === profile.localhostProfile) return []
  return [forbidden(path.child('localhostProfile'), `${kind} profile in annotation and field must match`)]
}
