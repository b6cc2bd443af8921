import { type FieldError, forbidden, invalid, path } from '#apimachinery/validation/field-error.ts'
import { isQualifiedName, nameIsDNSSubdomain, validateObjectMeta, validateObjectMetaUpdate } from '#apimachinery/validation/names.ts'
import type { Lease } from '../types.gen.ts'

const specPath = path('spec')

export function validateLease({ metadata, spec }: Lease): FieldError[] {
  return [...validateObjectMeta(metadata, { namespaced: true, nameFn: nameIsDNSSubdomain }), ...validateSpec(spec)]
}

export function validateLeaseUpdate({ metadata, spec }: Lease, old: Lease): FieldError[] {
  return [...validateObjectMetaUpdate(metadata, old.metadata), ...validateSpec(spec)]
}

function validateSpec({ leaseDurationSeconds, leaseTransitions, strategy, preferredHolder }: Lease['spec']): FieldError[] {
  const errors: FieldError[] = []
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    errors.push(invalid(specPath.child('leaseDurationSeconds'), leaseDurationSeconds, 'must be greater than 0'))
  }
  if (leaseTransitions !== undefined && leaseTransitions < 0) {
    errors.push(invalid(specPath.child('leaseTransitions'), leaseTransitions, 'must be greater than or equal to 0'))
  }
  if (strategy !== undefined)
    errors.push(...isQualifiedName(strategy).map(message => invalid(specPath.child('strategy'), strategy, message)))
  if (preferredHolder && !strategy) {
    errors.push(forbidden(specPath.child('preferredHolder'), 'may only be specified if `strategy` is defined'))
  }
  return errors
}
