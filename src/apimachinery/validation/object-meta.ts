import { parseAPIVersion } from '../resource/resource-info.ts'
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../meta/v1/types.gen.ts'
import { quote } from '../text/quote.ts'
import { type FieldError, type FieldPath, forbidden, invalid, path as pathOf, required, tooLong } from './field-error.ts'
import { isQualifiedName, isValidLabelValue, type NameFunction, nameIsDNSLabel } from './formats.ts'

const metadataPath = pathOf('metadata')
export const fieldImmutableMessage = 'field is immutable'
const totalAnnotationBytesMax = 256 * 1024
const fieldManagerBytesMax = 128
const subresourceNameBytesMax = 256

export interface ObjectMetaOptions {
  namespaced: boolean
  nameFn: NameFunction
  /** Default `metadata`. */
  path?: FieldPath
}

/** What is wrong with the metadata of a new object. Behaviour: k8s.io/apimachinery `api/validation`. */
export function validateObjectMeta(meta: ObjectMeta, { namespaced, nameFn, path = metadataPath }: ObjectMetaOptions): FieldError[] {
  const errors: FieldError[] = []
  if (meta.generateName) {
    for (const message of nameFn(meta.generateName, true)) errors.push(invalid(path.child('generateName'), meta.generateName, message))
  }
  if (!meta.name) errors.push(required(path.child('name'), 'name or generateName is required'))
  else for (const message of nameFn(meta.name, false)) errors.push(invalid(path.child('name'), meta.name, message))
  if (namespaced) {
    if (!meta.namespace) errors.push(required(path.child('namespace')))
    else for (const message of nameIsDNSLabel(meta.namespace, false)) errors.push(invalid(path.child('namespace'), meta.namespace, message))
  } else if (meta.namespace) {
    errors.push(forbidden(path.child('namespace'), 'not allowed on this type'))
  }
  if ((meta.generation ?? 0) < 0) errors.push(invalid(path.child('generation'), meta.generation, 'must be greater than or equal to 0'))
  errors.push(...validateSharedMeta(meta, path))
  errors.push(...validateFinalizers(meta.finalizers ?? [], path.child('finalizers')))
  errors.push(...validateManagedFields(meta.managedFields ?? [], path.child('managedFields')))
  return errors
}

/** What is wrong with a change of metadata. */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta, path: FieldPath = metadataPath): FieldError[] {
  const errors: FieldError[] = []
  if (old.deletionTimestamp !== undefined) {
    const extra = (meta.finalizers ?? []).filter(finalizer => !old.finalizers?.includes(finalizer))
    if (extra.length > 0) {
      const list = `[]string{${[...new Set(extra)].sort().map(quote).join(', ')}}`
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`
      errors.push(forbidden(path.child('finalizers'), detail))
    }
  }
  if (!meta.resourceVersion) {
    errors.push(invalid(path.child('resourceVersion'), meta.resourceVersion ?? '', 'must be specified for an update'))
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(path.child('generation'), meta.generation ?? 0, 'must not be decremented'))
  }
  for (const field of ['name', 'namespace', 'uid'] as const) {
    if ((meta[field] ?? '') !== (old[field] ?? '')) errors.push(invalid(path.child(field), meta[field] ?? '', fieldImmutableMessage))
  }
  for (const field of ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (meta[field] !== old[field]) errors.push(invalid(path.child(field), meta[field], fieldImmutableMessage))
  }
  errors.push(...validateSharedMeta(meta, path))
  errors.push(...validateManagedFields(meta.managedFields ?? [], path.child('managedFields')))
  return errors
}

function validateSharedMeta(meta: ObjectMeta, path: FieldPath): FieldError[] {
  const { labels, annotations, ownerReferences } = meta
  const errors: FieldError[] = []
  if (labels !== undefined) errors.push(...validateLabels(labels, path.child('labels')))
  if (annotations !== undefined) errors.push(...validateAnnotations(annotations, path.child('annotations')))
  if (ownerReferences !== undefined) errors.push(...validateOwnerReferences(ownerReferences, path.child('ownerReferences')))
  return errors
}

export function validateLabels(labels: Record<string, string> | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const key in labels) {
    errors.push(...validateLabelName(key, path))
    for (const message of isValidLabelValue(labels[key]!)) errors.push(invalid(path, labels[key], message))
  }
  return errors
}

export function validateLabelName(name: string, path: FieldPath): FieldError[] {
  return isQualifiedName(name).map(message => invalid(path, name, message))
}

/** Keys are qualified names in any case; all keys and values together have at most 256 KiB. */
export function validateAnnotations(annotations: Record<string, string> | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const key in annotations) {
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(invalid(path, key, message))
    bytes += Buffer.byteLength(key) + Buffer.byteLength(annotations[key]!)
  }
  if (bytes > totalAnnotationBytesMax) errors.push(tooLong(path, '', totalAnnotationBytesMax))
  return errors
}

function validateOwnerReferences(references: readonly OwnerReference[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  let controller: string | undefined
  for (const reference of references) {
    errors.push(...validateOwnerReference(reference, path))
    if (reference.controller !== true) continue
    const current = `${reference.kind}/${reference.name}`
    if (controller === undefined) controller = current
    else {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`
      errors.push(invalid(path, references, detail))
    }
  }
  return errors
}

function validateOwnerReference(reference: OwnerReference, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { group, version } = parseAPIVersion(reference.apiVersion ?? '')
  if (version === '') errors.push(invalid(path.child('apiVersion'), reference.apiVersion ?? '', 'version must not be empty'))
  for (const field of ['kind', 'name', 'uid'] as const) {
    if (!reference[field]) errors.push(invalid(path.child(field), '', 'must not be empty'))
  }
  if (group === '' && version === 'v1' && reference.kind === 'Event') {
    errors.push(invalid(path, reference, '/v1, Kind=Event is disallowed from being an owner'))
  }
  return errors
}

/** Finalizers are qualified names; `orphan` and `foregroundDeletion` exclude each other. */
export function validateFinalizers(finalizers: readonly string[], path: FieldPath): FieldError[] {
  const errors = finalizers.flatMap(finalizer => isQualifiedName(finalizer).map(message => invalid(path, finalizer, message)))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
  }
  return errors
}

const plainText = /^[\x20-\x7e]*$/

/** At most 128 bytes, all printable. */
export function validateFieldManager(manager: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (manager.length <= fieldManagerBytesMax && plainText.test(manager)) return errors
  if (Buffer.byteLength(manager) > fieldManagerBytesMax) errors.push(tooLong(path, '', fieldManagerBytesMax))
  for (const match of manager.matchAll(/(?! )[\p{C}\p{Z}]/gu)) {
    const code = match[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
    const position = Buffer.byteLength(manager.slice(0, match.index))
    errors.push(invalid(path, manager, `invalid character U+${code} (at position ${position})`))
  }
  return errors
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  entries.forEach((entry, index) => {
    const at = path.index(index)
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(invalid(at.child('operation'), entry.operation ?? '', 'must be `Apply` or `Update`'))
    }
    if (entry.fieldsType !== undefined && entry.fieldsType !== '' && entry.fieldsType !== 'FieldsV1') {
      errors.push(invalid(at.child('fieldsType'), entry.fieldsType, 'must be `FieldsV1`'))
    }
    errors.push(...validateFieldManager(entry.manager ?? '', at.child('manager')))
    if (Buffer.byteLength(entry.subresource ?? '') > subresourceNameBytesMax) {
      errors.push(tooLong(at.child('subresource'), '', subresourceNameBytesMax))
    }
  })
  return errors
}
