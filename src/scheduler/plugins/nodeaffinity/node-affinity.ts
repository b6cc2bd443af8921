import { podMatchesNode, preferredNodeAffinityScore, requiredNodeAffinity } from '#api/core/v1/node-affinity.ts'
import { normalizeScores, type Plugin } from '../../framework/framework.ts'

const rejection = { reasons: ["node(s) didn't match Pod's node affinity/selector"], resolvable: false }

/** `nodeSelector` and node affinity. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  weight: 2,
  filterConcerns: ({ pod }) => pod.spec.nodeSelector !== undefined || requiredNodeAffinity(pod.spec.affinity) !== undefined,
  filter: ({ pod }, { node }) => (node !== undefined && podMatchesNode(pod.spec, node) ? undefined : rejection),
  scoreConcerns: ({ pod }) => (pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.length ?? 0) > 0,
  score: ({ pod }, { node }) => (node === undefined ? 0 : preferredNodeAffinityScore(pod.spec.affinity, node)),
  normalize: scores => normalizeScores(scores, { reverse: false }),
  wakesOn: change => change.type === 'node-added' || (change.type === 'node-updated' && change.labels),
}
