import { type FieldError, type FieldPath, forbidden, invalid, required } from '#apimachinery/validation/field-error.ts'
import { isValidLabelValue, nameIsDNSLabel, nameIsDNSSubdomain, validateLabelName } from '#apimachinery/validation/names.ts'
import { semanticEqual } from '../equality.ts'
import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../types.gen.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validateName } from './names.ts'

const requiredField = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferredField = 'preferredDuringSchedulingIgnoredDuringExecution'

export function validateAffinity(affinity: Affinity | undefined, path: FieldPath): FieldError[] {
  if (affinity === undefined) return []
  return [
    ...(affinity.nodeAffinity === undefined ? [] : validateNodeAffinity(affinity.nodeAffinity, path.child('nodeAffinity'))),
    ...(affinity.podAffinity === undefined ? [] : validatePodAffinity(affinity.podAffinity, path.child('podAffinity'))),
    ...(affinity.podAntiAffinity === undefined ? [] : validatePodAffinity(affinity.podAntiAffinity, path.child('podAntiAffinity'))),
  ]
}

function validateNodeAffinity(affinity: NodeAffinity, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { [requiredField]: hard, [preferredField]: soft } = affinity
  if (hard !== undefined) errors.push(...validateNodeSelector(hard, path.child(requiredField)))
  for (const [index, { weight, preference }] of (soft ?? []).entries()) {
    const at = path.child(preferredField).index(index)
    errors.push(...validateWeight(weight, at))
    // Values that no label can have are tolerated here: such a preference never matches, which is harmless.
    errors.push(...validateNodeSelectorTerm(preference ?? {}, at.child('preference'), false))
  }
  return errors
}

export function validateNodeSelector(selector: NodeSelector, path: FieldPath): FieldError[] {
  const at = path.child('nodeSelectorTerms')
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')]
  return terms.flatMap((term, index) => validateNodeSelectorTerm(term, at.index(index), true))
}

function validateNodeSelectorTerm(term: NodeSelectorTerm, path: FieldPath, checkValues: boolean): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((item, index) =>
      validateExpression(item, path.child('matchExpressions').index(index), checkValues),
    ),
    ...(term.matchFields ?? []).flatMap((item, index) => validateFieldRequirement(item, path.child('matchFields').index(index))),
  ]
}

function validateExpression({ key, operator, values = [] }: NodeSelectorRequirement, path: FieldPath, checkValues: boolean): FieldError[] {
  const errors: FieldError[] = []
  const at = path.child('values')
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
  } else {
    errors.push(invalid(path.child('operator'), operator ?? '', 'not a valid selector operator'))
  }
  errors.push(...validateLabelName(key ?? '', path.child('key')))
  if (!checkValues) return errors
  for (const [index, value] of values.entries()) {
    for (const message of isValidLabelValue(value)) errors.push(invalid(at.index(index), value, message))
  }
  return errors
}

function validateFieldRequirement({ key, operator, values = [] }: NodeSelectorRequirement, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length !== 1) {
      errors.push(required(path.child('values'), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
    }
  } else {
    errors.push(invalid(path.child('operator'), operator ?? '', 'not a valid selector operator'))
  }
  if (key !== 'metadata.name') return [...errors, invalid(path.child('key'), key ?? '', 'not a valid field selector key')]
  return [...errors, ...values.flatMap((value, index) => validateName(value, path.child('values').index(index), nameIsDNSSubdomain))]
}

function validateWeight(weight: number, path: FieldPath): FieldError[] {
  return weight >= 1 && weight <= 100 ? [] : [invalid(path.child('weight'), weight ?? 0, 'must be in the range 1-100')]
}

/** Affinity and anti-affinity have the same form. */
function validatePodAffinity({ [requiredField]: hard, [preferredField]: soft }: PodAffinity, path: FieldPath): FieldError[] {
  return [
    ...(hard ?? []).flatMap((term, index) => validatePodAffinityTerm(term, path.child(requiredField).index(index))),
    ...(soft ?? []).flatMap(({ weight, podAffinityTerm }, index) => {
      const at = path.child(preferredField).index(index)
      return [...validateWeight(weight, at), ...validatePodAffinityTerm(podAffinityTerm, at.child('podAffinityTerm'))]
    }),
  ]
}

function validatePodAffinityTerm(term: PodAffinityTerm, path: FieldPath): FieldError[] {
  const errors = [
    ...validateLabelSelector(term.labelSelector, path.child('labelSelector')),
    ...validateLabelSelector(term.namespaceSelector, path.child('namespaceSelector')),
    ...(term.namespaces ?? []).flatMap(name => validateName(name, path.child('namespace'), nameIsDNSLabel)),
    ...validateLabelKeys(term, path),
  ]
  if (!term.topologyKey) errors.push(required(path.child('topologyKey'), 'can not be empty'))
  return [...errors, ...validateLabelName(term.topologyKey ?? '', path.child('topologyKey'))]
}

/** `matchLabelKeys` were turned into selector requirements before, so a key named twice there was in the selector already. */
function validateLabelKeys({ matchLabelKeys = [], mismatchLabelKeys = [], labelSelector }: PodAffinityTerm, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [name, keys] of [
    ['matchLabelKeys', matchLabelKeys],
    ['mismatchLabelKeys', mismatchLabelKeys],
  ] as const) {
    const at = path.child(name)
    if (keys.length > 0 && labelSelector === undefined) errors.push(forbidden(at, 'must not be specified when labelSelector is not set'))
    else for (const [index, key] of keys.entries()) errors.push(...validateLabelName(key, at.index(index)))
  }
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = matchLabelKeys.lastIndexOf(key)
    if (index >= 0 && seen.has(key)) errors.push(invalid(path.index(index), key, 'exists in both matchLabelKeys and labelSelector'))
    seen.add(key)
  }
  for (const [index, key] of matchLabelKeys.entries()) {
    if (mismatchLabelKeys.includes(key)) {
      errors.push(invalid(path.child('matchLabelKeys').index(index), key, 'exists in both matchLabelKeys and mismatchLabelKeys'))
    }
  }
  return errors
}

/** While a pod waits at scheduling gates its node affinity may only become narrower (KEP-3838). */
export function validateNodeAffinityNarrowed(now: NodeAffinity | undefined, old: NodeAffinity | undefined, path: FieldPath): FieldError[] {
  const oldTerms = old?.[requiredField]?.nodeSelectorTerms ?? []
  if (oldTerms.length === 0) return []
  const terms = now?.[requiredField]?.nodeSelectorTerms ?? []
  const at = path.child(requiredField, 'nodeSelectorTerms')
  if (terms.length !== oldTerms.length) {
    return [invalid(at, terms, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed')]
  }
  return terms.flatMap((term, index) =>
    onlyAdds(term, oldTerms[index]!) ? [] : [invalid(at.index(index), term, 'only additions are allowed (no mutations or deletions)')],
  )
}

function onlyAdds(now: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const
  const wasEmpty = lists.every(name => (old[name] ?? []).length === 0)
  if (wasEmpty) return lists.every(name => (now[name] ?? []).length === 0)
  return lists.every(name => semanticEqual((now[name] ?? []).slice(0, (old[name] ?? []).length), old[name] ?? []))
}
