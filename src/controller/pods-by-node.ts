import type { Pod } from '#api/core/v1/types.gen.ts'
import type { Informer } from '#client/informer.ts'

const indexName = 'spec.nodeName'

/** Makes the informer know the pods of each node: see `podsOnNode`. */
export function indexPodsByNode(pods: Informer<Pod>): Informer<Pod> {
  return pods.addIndex(indexName, ({ spec }) => (spec.nodeName === undefined || spec.nodeName === '' ? [] : [spec.nodeName]))
}

export function podsOnNode(pods: Informer<Pod>, nodeName: string): Pod[] {
  return [...pods.byIndex(indexName, nodeName)]
}
