import { toleratesTaint } from '#api/core/v1/taints.ts'
import { normalizeScores, type Plugin } from '../../framework/framework.ts'

const rejection = { reasons: ['node(s) had untolerated taint(s)'], resolvable: false }

/** Nodes with taints take only pods that tolerate them; nodes with fewer untolerated PreferNoSchedule taints come first. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  weight: 3,
  filter({ pod }, node) {
    for (const taint of node.repellingTaints) if (!toleratesTaint(pod.spec.tolerations, taint)) return rejection
    return undefined
  },
  score({ pod }, { unwelcomingTaints }) {
    let untolerated = 0
    for (const taint of unwelcomingTaints) if (!toleratesTaint(pod.spec.tolerations, taint)) untolerated += 1
    return untolerated
  },
  normalize: scores => normalizeScores(scores, { reverse: true }),
  wakesOn: change => change.type === 'node-added' || (change.type === 'node-updated' && change.taints),
}
