import type { ClusterRole, PolicyRule } from './types.gen.ts'
import { selectorOf } from '#apimachinery/labels/selector.ts'
import { deepEqual } from '#apimachinery/value/json-value.ts'

/** The rules of all roles that an aggregated role selects, each once, in the order of the roles' names. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(selectorOf)
  const chosen = new Set<ClusterRole>()
  for (const selector of selectors) {
    const matching = all.filter(other => other.metadata.name !== role.metadata.name && selector.matches(other.metadata.labels))
    for (const other of matching.sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1))) chosen.add(other)
  }
  const rules: PolicyRule[] = []
  for (const other of chosen) {
    for (const rule of other.rules ?? []) if (!rules.some(known => deepEqual(known, rule))) rules.push(rule)
  }
  return rules
}

/** Fills in the rules of all aggregated roles of a set, in place; aggregates of aggregates too. */
export function aggregateAll(roles: readonly ClusterRole[]): void {
  const aggregated = roles.filter(role => role.aggregationRule !== undefined)
  for (let round = 0; round < aggregated.length; round++) {
    let changed = false
    for (const role of aggregated) {
      const rules = aggregatedRules(role, roles)
      changed ||= !deepEqual(rules, role.rules)
      role.rules = rules
    }
    if (!changed) return
  }
}
