import { type FieldError, forbidden, invalid, path, tooLong } from '#apimachinery/validation/field-error.ts'
import { isConfigMapKey, nameIsDNSSubdomain } from '#apimachinery/validation/names.ts'
import { ownField } from '#apimachinery/value/own-field.ts'
import { semanticEqual } from '../equality.ts'
import type { ConfigMap } from '../types.gen.ts'
import { validateCoreMeta, validateCoreMetaUpdate } from './names.ts'

/** Of all keys together. */
export const dataBytesMax = 1024 * 1024

export function validateConfigMap({ metadata, data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors = validateCoreMeta(metadata, { namespaced: true, nameFn: nameIsDNSSubdomain })
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    for (const message of isConfigMapKey(key)) errors.push(invalid(path('data').key(key), key, message))
    if (ownField(binaryData, key) !== undefined) errors.push(invalid(path('data').key(key), key, 'duplicate of key present in binaryData'))
    bytes += Buffer.byteLength(value)
  }
  for (const [key, value] of Object.entries(binaryData)) {
    for (const message of isConfigMapKey(key)) errors.push(invalid(path('binaryData').key(key), key, message))
    bytes += base64Bytes(value)
  }
  if (bytes > dataBytesMax) errors.push(tooLong('', '', dataBytesMax))
  return errors
}

export function validateConfigMapUpdate(now: ConfigMap, old: ConfigMap): FieldError[] {
  const errors = validateCoreMetaUpdate(now.metadata, old.metadata)
  if (old.immutable === true) errors.push(...validateUnchanged(now, old, ['data', 'binaryData']))
  return [...errors, ...validateConfigMap(now)]
}

/** What holds once `immutable` is set, in ConfigMaps and Secrets. */
export function validateUnchanged<T extends { immutable?: boolean | undefined }>(
  now: T,
  old: T,
  fields: (keyof T & string)[],
): FieldError[] {
  const detail = 'field is immutable when `immutable` is set'
  const errors = now.immutable === true ? [] : [forbidden('immutable', detail)]
  return [...errors, ...fields.filter(field => !semanticEqual(now[field], old[field])).map(field => forbidden(field, detail))]
}

/** Length of what a base64 text stands for. */
export function base64Bytes(text: string): number {
  return Math.floor((text.replace(/=+$/, '').length * 3) / 4)
}
