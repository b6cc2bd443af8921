import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { ListMeta, PartialObjectMetadata } from '#apimachinery/meta/v1/types.gen.ts'
import type { Entry } from '../../cacher/entry.ts'
import { bookmarkMeta, type Shape } from './shape.ts'

export function partialMetadata(object: KubeObject): PartialObjectMetadata {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
}

/** Only the metadata: what metadata informers ask for. */
export const partialShape: Shape = {
  itemsField: 'items',
  object: (entry: Entry) => partialMetadata(entry.object),
  fresh: partialMetadata,
  listHead: (metadata: ListMeta) => ({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata }),
  item: (entry: Entry) => partialMetadata(entry.object),
  bookmark: (revision, annotations) => ({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: bookmarkMeta(revision, annotations),
  }),
}
