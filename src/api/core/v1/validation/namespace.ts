import { type FieldError, invalid, path } from '#apimachinery/validation/field-error.ts'
import { isQualifiedName, nameIsDNSLabel } from '#apimachinery/validation/names.ts'
import type { Namespace } from '../types.gen.ts'
import { validateCoreMeta, validateCoreMetaUpdate, validateStandardFinalizer } from './names.ts'

const finalizersPath = path('spec', 'finalizers')

export function validateNamespace(namespace: Namespace): FieldError[] {
  const errors = validateCoreMeta(namespace.metadata, { namespaced: false, nameFn: nameIsDNSLabel })
  return [...errors, ...(namespace.spec.finalizers ?? []).flatMap(name => validateFinalizer(name, finalizersPath))]
}

export function validateNamespaceUpdate(namespace: Namespace, old: Namespace): FieldError[] {
  return validateCoreMetaUpdate(namespace.metadata, old.metadata)
}

export function validateNamespaceStatusUpdate(namespace: Namespace, old: Namespace): FieldError[] {
  const errors = validateCoreMetaUpdate(namespace.metadata, old.metadata)
  const phase = namespace.status?.phase ?? ''
  const isDeleting = namespace.metadata.deletionTimestamp !== undefined
  const at = path('status', 'Phase')
  if (!isDeleting && phase !== 'Active') errors.push(invalid(at, phase, "may only be 'Active' if `deletionTimestamp` is empty"))
  if (isDeleting && phase !== 'Terminating')
    errors.push(invalid(at, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty"))
  return errors
}

export function validateNamespaceFinalize(namespace: Namespace, old: Namespace): FieldError[] {
  const errors = validateCoreMetaUpdate(namespace.metadata, old.metadata)
  return [...errors, ...(namespace.spec.finalizers ?? []).flatMap((name, index) => validateFinalizer(name, finalizersPath.index(index)))]
}

function validateFinalizer(name: string, at: typeof finalizersPath): FieldError[] {
  return [...isQualifiedName(name).map(message => invalid(at, name, message)), ...validateStandardFinalizer(name, at)]
}
