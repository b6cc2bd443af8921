import type { ListMeta, ObjectMeta } from './types.gen.ts'

/** Any object of the API. Objects that come from caches and watches are shared: never change them, copy first. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

export interface KubeList<T extends KubeObject = KubeObject> {
  apiVersion: string
  kind: string
  metadata: ListMeta
  items: T[]
}

/** `namespace/name`, or `name` when there is no namespace. */
export function keyOf(object: { metadata: { name: string; namespace?: string | undefined } }): string {
  const { name, namespace } = object.metadata
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`
}
