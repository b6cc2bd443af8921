import type { GroupResource } from '#apimachinery/resource/resource-info.ts'

/** What all keys of a resource start with: `/registry/pods/`, `/registry/leases.coordination.k8s.io/`. */
export function resourceKeyPrefix({ group, resource }: GroupResource): string {
  return group === '' ? `/registry/${resource}/` : `/registry/${resource}.${group}/`
}

/** What the keys of a namespace's objects start with, or of all, without `namespace`. */
export function collectionKeyPrefix(prefix: string, namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? prefix : `${prefix}${namespace}/`
}

export function objectKey(prefix: string, namespace: string | undefined, name: string): string {
  return `${collectionKeyPrefix(prefix, namespace)}${name}`
}
