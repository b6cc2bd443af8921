import { ownField } from '#apimachinery/value/own-field.ts'
import type { Affinity, Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from './types.gen.ts'

/** Whether a node's label value (undefined: it has none) meets the requirement. */
export function matchesRequirement({ operator, values = [] }: NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual)
    case 'NotIn':
      return actual === undefined || !values.includes(actual)
    case 'Exists':
      return actual !== undefined
    case 'DoesNotExist':
      return actual === undefined
    case 'Gt':
    case 'Lt':
      return actual !== undefined && comparesAsIntegers(operator, actual, values[0] ?? '')
    default:
      return false
  }
}

function comparesAsIntegers(operator: 'Gt' | 'Lt', actual: string, bound: string): boolean {
  if (!/^[+-]?[0-9]+$/.test(actual) || !/^[+-]?[0-9]+$/.test(bound)) return false
  return operator === 'Gt' ? BigInt(actual) > BigInt(bound) : BigInt(actual) < BigInt(bound)
}

/** All requirements of a term hold. A term without requirements matches nothing. */
export function matchesNodeSelectorTerm(term: NodeSelectorTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  return (
    matchExpressions.every(requirement => matchesRequirement(requirement, ownField(node.metadata.labels, requirement.key))) &&
    matchFields.every(requirement => matchesRequirement(requirement, requirement.key === 'metadata.name' ? node.metadata.name : undefined))
  )
}

/** At least one term matches. */
export function matchesNodeSelector(selector: NodeSelector, node: Node): boolean {
  return selector.nodeSelectorTerms.some(term => matchesNodeSelectorTerm(term, node))
}

/** `nodeSelector` and the required node affinity of a pod, both of which must hold. */
export function podMatchesNode({ nodeSelector, affinity }: Pick<PodSpec, 'nodeSelector' | 'affinity'>, node: Node): boolean {
  const { labels } = node.metadata
  for (const key in nodeSelector) if (labels?.[key] !== nodeSelector[key]) return false
  const required = requiredNodeAffinity(affinity)
  return required === undefined || matchesNodeSelector(required, node)
}

export function requiredNodeAffinity(affinity: Affinity | undefined): NodeSelector | undefined {
  return affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
}

/** Sum of the weights of the preferred terms that match. An empty preference matches nothing. */
export function preferredNodeAffinityScore(affinity: Affinity | undefined, node: Node): number {
  let score = 0
  for (const { weight, preference } of affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
    if (matchesNodeSelectorTerm(preference, node)) score += weight
  }
  return score
}
