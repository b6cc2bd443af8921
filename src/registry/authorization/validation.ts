import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReviewSpec,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
} from '#api/authorization/v1/types.gen.ts'
import type { ObjectMeta } from '#apimachinery/meta/v1/types.gen.ts'
import { type FieldError, invalid, path } from '#apimachinery/validation/field-error.ts'

/** What is wrong with the question of an access review. Words: validation of `authorization.k8s.io/v1`. */
export function validateAttributes(spec: SelfSubjectAccessReviewSpec | undefined): FieldError[] {
  const at = path('spec')
  const { resourceAttributes, nonResourceAttributes } = spec ?? {}
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    return [invalid(at.child('nonResourceAttributes'), nonResourceAttributes, 'cannot be specified in combination with resourceAttributes')]
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    return [invalid(at.child('resourceAttributes'), null, detail)]
  }
  return []
}

export function validateSubject(spec: SubjectAccessReviewSpec | undefined): FieldError[] {
  if (spec?.user || spec?.groups?.length) return []
  return [invalid(path('spec', 'user'), spec?.user ?? '', 'at least one of user or group must be specified')]
}

export function validateSubjectAccessReview({ spec, metadata }: SubjectAccessReview): FieldError[] {
  return [...validateAttributes(spec), ...validateSubject(spec), ...validateEmptyMetadata(metadata)]
}

export function validateLocalSubjectAccessReview({ spec, metadata }: LocalSubjectAccessReview): FieldError[] {
  const { namespace, ...rest } = metadata
  const errors = [...validateAttributes(spec), ...validateSubject(spec), ...validateEmptyMetadata(rest)]
  const attributes = spec?.resourceAttributes
  if (attributes !== undefined && (attributes.namespace ?? '') !== (namespace ?? '')) {
    errors.push(invalid('spec.resourceAttributes.namespace', attributes.namespace ?? '', 'must match metadata.namespace'))
  }
  if (spec?.nonResourceAttributes !== undefined) {
    errors.push(invalid('spec.nonResourceAttributes', spec.nonResourceAttributes, 'disallowed on this kind of request'))
  }
  return errors
}

/** A review has no name and is not stored. */
export function validateEmptyMetadata(metadata: Partial<ObjectMeta> | undefined): FieldError[] {
  const { managedFields: _, ...rest } = metadata ?? {}
  const isEmpty = Object.values(rest).every(value => value === undefined || value === null || value === '')
  return isEmpty ? [] : [invalid('metadata', metadata, 'must be empty')]
}
