import { type FieldError, type FieldPath, invalid, required } from '#apimachinery/validation/field-error.ts'
import type { KeyToPath } from '../types.gen.ts'

/** No `..` element anywhere. */
export function validatePathNoBacksteps(target: string, path: FieldPath): FieldError[] {
  return target.split('/').includes('..') ? [invalid(path, target, "must not contain '..'")] : []
}

/** Relative and without `..` elements. */
export function validateLocalDescendingPath(target: string, path: FieldPath): FieldError[] {
  const errors = target.startsWith('/') ? [invalid(path, target, 'must be a relative path')] : []
  return [...errors, ...validatePathNoBacksteps(target, path)]
}

/** As above, and no name that starts with `..`: those are how the kubelet swaps volume contents atomically. */
export function validateLocalNonReservedPath(target: string, path: FieldPath): FieldError[] {
  const errors = validateLocalDescendingPath(target, path)
  if (target.startsWith('..') && !target.startsWith('../')) errors.push(invalid(path, target, "must not start with '..'"))
  return errors
}

export function validateFileMode(mode: number | undefined, path: FieldPath): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return []
  return [invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
}

/** Which keys of a Secret or ConfigMap become which files. */
export function validateKeysToPaths(items: readonly KeyToPath[] | undefined, path: FieldPath): FieldError[] {
  return (items ?? []).flatMap(({ key, path: target, mode }, index) => {
    const at = path.index(index)
    return [
      ...(key ? [] : [required(at.child('key'))]),
      ...(target ? [] : [required(at.child('path'))]),
      ...validateLocalNonReservedPath(target ?? '', at.child('path')),
      ...validateFileMode(mode, at.child('mode')),
    ]
  })
}
