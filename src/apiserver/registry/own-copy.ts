import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { deepCopy } from '#apimachinery/value/json-value.ts'

/** A copy to be changed. Managed fields, often half of an object, are shared: they are replaced, never changed. */
export function ownCopy<T extends KubeObject>(object: T): T {
  const { metadata, ...rest } = object
  const { managedFields, ...others } = metadata
  const copy = deepCopy({ ...rest, metadata: others }) as T
  if (managedFields !== undefined) copy.metadata.managedFields = managedFields
  return copy
}
