import type { Pod } from '#api/core/v1/types.gen.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'

/** Why a node cannot take a pod. `resolvable`: removing other pods could help. */
export interface Rejection {
  reasons: readonly string[]
  resolvable: boolean
}

/**
 * One concern of scheduling. The extension points are those of the scheduling framework (KEP-624) that the default plugins of a Pod need;
 * all are synchronous and pure, so that a decision is one uninterrupted computation.
 */
export interface Plugin {
  readonly name: string
  /** Share of this plugin's score in the sum. */
  readonly weight?: number
  /** False: this pod does not concern the plugin's filter, which is then skipped for every node. */
  filterConcerns?(pod: PodInfo): boolean
  /** Undefined: the node can take the pod. */
  filter?(pod: PodInfo, node: NodeInfo): Rejection | undefined
  scoreConcerns?(pod: PodInfo): boolean
  /** Greater is better; 0 to 100 unless `normalize` makes it so. */
  score?(pod: PodInfo, node: NodeInfo): number
  normalize?(scores: Float64Array): void
  /** Whether this change of the cluster may make room for a pod that the plugin's filter rejected. */
  wakesOn(change: ClusterChange): boolean
}

export type ClusterChange =
  | { type: 'node-added' }
  | { type: 'node-updated'; allocatable: boolean; labels: boolean; taints: boolean; unschedulable: boolean }
  | { type: 'pod-removed'; pod: Pod }

export const scoreMax = 100

/** Scales raw scores so that the greatest becomes 100; `reverse` turns "fewer is better" round. */
export function normalizeScores(scores: Float64Array, { reverse }: { reverse: boolean }): void {
  let greatest = 0
  for (const score of scores) greatest = Math.max(greatest, score)
  for (let index = 0; index < scores.length; index++) {
    const scaled = greatest === 0 ? 0 : Math.floor((scores[index]! * scoreMax) / greatest)
    scores[index] = reverse ? scoreMax - scaled : scaled
  }
}
