import type { FieldError } from '#apimachinery/validation/field-error.ts'
import { nameIsDNSSubdomain } from '#apimachinery/validation/names.ts'
import type { ServiceAccount } from '../types.gen.ts'
import { validateCoreMeta, validateCoreMetaUpdate } from './names.ts'

export function validateServiceAccount({ metadata }: ServiceAccount): FieldError[] {
  return validateCoreMeta(metadata, { namespaced: true, nameFn: nameIsDNSSubdomain })
}

export function validateServiceAccountUpdate(now: ServiceAccount, old: ServiceAccount): FieldError[] {
  return [...validateCoreMetaUpdate(now.metadata, old.metadata), ...validateServiceAccount(now)]
}
