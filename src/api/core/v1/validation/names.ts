import { type FieldError, type FieldPath, invalid, path as pathOf } from '#apimachinery/validation/field-error.ts'
import {
  fieldImmutableMessage,
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  type NameFunction,
  type ObjectMetaOptions,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '#apimachinery/validation/names.ts'
import type { ObjectMeta } from '#apimachinery/meta/v1/types.gen.ts'
import { semanticEqual } from '../equality.ts'

export const notNegativeMessage = 'must be greater than or equal to 0'
export const notPositiveMessage = 'must be greater than zero'

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

export function validateDNS1123Label(value: string, path: FieldPath): FieldError[] {
  return isDNS1123Label(value).map(message => invalid(path, value, message))
}

export function validateDNS1123Subdomain(value: string, path: FieldPath): FieldError[] {
  return isDNS1123Subdomain(value).map(message => invalid(path, value, message))
}

export function validateQualifiedName(value: string, path: FieldPath): FieldError[] {
  return isQualifiedName(value).map(message => invalid(path, value, message))
}

export function validateName(value: string, path: FieldPath, nameFn: NameFunction, prefix = false): FieldError[] {
  return nameFn(value, prefix).map(message => invalid(path, value, message))
}

export function validateNonNegative(value: number | undefined, path: FieldPath): FieldError[] {
  return value !== undefined && value < 0 ? [invalid(path, value, notNegativeMessage)] : []
}

export function validateImmutable(now: unknown, old: unknown, path: FieldPath): FieldError[] {
  return semanticEqual(now, old) ? [] : [invalid(path, now ?? null, fieldImmutableMessage)]
}

/** Metadata of the core group's kinds: finalizers without a domain must be well-known ones. */
export function validateCoreMeta(meta: ObjectMeta, options: ObjectMetaOptions): FieldError[] {
  return [...validateObjectMeta(meta, options), ...validateStandardFinalizers(meta, options.path)]
}

export function validateCoreMetaUpdate(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  return [...validateObjectMetaUpdate(meta, old), ...validateStandardFinalizers(meta)]
}

function validateStandardFinalizers(meta: ObjectMeta, path: FieldPath = pathOf('metadata')): FieldError[] {
  return (meta.finalizers ?? []).flatMap((name, index) => validateStandardFinalizer(name, path.child('finalizers').index(index)))
}

export function validateStandardFinalizer(name: string, path: FieldPath): FieldError[] {
  if (name.includes('/') || standardFinalizers.has(name)) return []
  return [invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified')]
}
