import type { FieldSelector } from '#apimachinery/fields/selector.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { newBadRequest } from '#apimachinery/status/status.ts'
import { quote } from '#apimachinery/text/quote.ts'
import type { Resource } from '../registry/resource.ts'
import type { Route } from '../routes.ts'

const namesByResource = new WeakMap<Resource, ReadonlySet<string>>()

/** @throws StatusError BadRequest for a field that the resource cannot be selected by */
export function checkSelectableFields(selector: FieldSelector, { resource }: Route): void {
  for (const { field } of selector.requirements) {
    if (field === 'metadata.name' || (field === 'metadata.namespace' && resource.info.namespaced)) continue
    if (namesOf(resource).has(field)) continue
    if (resource.selectableFields !== undefined) throw newBadRequest(`field label not supported: ${field}`)
    throw newBadRequest(`${quote(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`)
  }
}

function namesOf(resource: Resource): ReadonlySet<string> {
  let names = namesByResource.get(resource)
  if (names === undefined) {
    names = new Set(resource.selectableFieldNames ?? Object.keys(resource.selectableFields?.(emptyObject(resource)) ?? {}))
    namesByResource.set(resource, names)
  }
  return names
}

/** Enough of an object for `selectableFields` to read. */
function emptyObject({ info }: Resource): KubeObject {
  const empty = { apiVersion: info.version, kind: info.kind, metadata: { name: '' }, spec: {}, status: {}, involvedObject: {}, source: {} }
  return empty as KubeObject
}
