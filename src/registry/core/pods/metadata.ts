import type { Pod } from '#api/core/v1/types.gen.ts'

/** What subresources leave as it was: everything about the object but its version and field owners. */
export function keepMetadataOfOld(pod: Pod, old: Pod): void {
  const { metadata } = pod
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
    if (old.metadata[field] === undefined) delete metadata[field]
    else Object.assign(metadata, { [field]: old.metadata[field] })
  }
}
