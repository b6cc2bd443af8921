import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '#apimachinery/validation/field-error.ts'
import { validateLabelName } from '#apimachinery/validation/names.ts'
import type { TopologySpreadConstraint } from '../types.gen.ts'
import { validateLabelSelector } from './label-selector.ts'
import { notPositiveMessage } from './names.ts'

const actions = ['DoNotSchedule', 'ScheduleAnyway']
const inclusionPolicies = ['Honor', 'Ignore']

export function validateTopologySpread(constraints: readonly TopologySpreadConstraint[] | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, constraint] of (constraints ?? []).entries()) {
    const at = path.index(index)
    const { topologyKey, whenUnsatisfiable, minDomains } = constraint
    const maxSkew = constraint.maxSkew ?? 0
    if (maxSkew <= 0) errors.push(invalid(at.child('maxSkew'), maxSkew, notPositiveMessage))
    if (!topologyKey) errors.push(required(at.child('topologyKey'), 'can not be empty'))
    if (!actions.includes(whenUnsatisfiable)) errors.push(notSupported(at.child('whenUnsatisfiable'), whenUnsatisfiable ?? '', actions))
    const again = constraints!
      .slice(index + 1)
      .some(other => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable)
    if (again) errors.push(duplicate(at.child('{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${whenUnsatisfiable}}`))
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.push(invalid(at.child('minDomains'), minDomains, notPositiveMessage))
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
        errors.push(invalid(at.child('minDomains'), minDomains, detail))
      }
    }
    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[name]
      if (policy !== undefined && !inclusionPolicies.includes(policy)) errors.push(notSupported(at.child(name), policy, inclusionPolicies))
    }
    errors.push(...validateMatchLabelKeys(constraint, at.child('matchLabelKeys')))
    errors.push(...validateLabelSelector(constraint.labelSelector, at.child('labelSelector')))
  }
  return errors
}

/** The keys were turned into selector requirements before: each may appear in the selector once, with that origin. */
function validateMatchLabelKeys({ matchLabelKeys = [], labelSelector }: TopologySpreadConstraint, path: FieldPath): FieldError[] {
  if (matchLabelKeys.length === 0) return []
  const errors: FieldError[] = []
  if (labelSelector === undefined) errors.push(forbidden(path, 'must not be specified when labelSelector is not set'))
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = matchLabelKeys.lastIndexOf(key)
    if (index >= 0 && seen.has(key)) errors.push(invalid(path.index(index), key, 'exists in both matchLabelKeys and labelSelector'))
    seen.add(key)
  }
  return [...errors, ...matchLabelKeys.flatMap((key, index) => validateLabelName(key, path.index(index)))]
}
