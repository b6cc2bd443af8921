import type { FieldPath } from '#apimachinery/validation/field-error.ts'
import { isValidLabelValue } from '#apimachinery/validation/names.ts'
import type { NodeSelectorTerm } from '../types.gen.ts'

const replacements = new Map([
  ['beta.kubernetes.io/arch', { since: 'v1.14', use: 'kubernetes.io/arch' }],
  ['beta.kubernetes.io/os', { since: 'v1.14', use: 'kubernetes.io/os' }],
  ['failure-domain.beta.kubernetes.io/region', { since: 'v1.17', use: 'topology.kubernetes.io/region' }],
  ['failure-domain.beta.kubernetes.io/zone', { since: 'v1.17', use: 'topology.kubernetes.io/zone' }],
  ['beta.kubernetes.io/instance-type', { since: 'v1.17', use: 'node.kubernetes.io/instance-type' }],
])

/** What to say about a node label that has a successor; undefined for the others. */
export function deprecatedNodeLabel(label: string): string | undefined {
  const replacement = replacements.get(label)
  return replacement && `deprecated since ${replacement.since}; use "${replacement.use}" instead`
}

/** `checkValues`: also tells of values that no label can have. */
export function warningsForNodeSelectorTerm(term: NodeSelectorTerm, path: FieldPath, checkValues: boolean): string[] {
  return (term.matchExpressions ?? []).flatMap(({ key, values }, index) => {
    const at = path.child('matchExpressions').index(index)
    const deprecated = deprecatedNodeLabel(key)
    const warnings = deprecated === undefined ? [] : [`${at.child('key')}: ${key} is ${deprecated}`]
    if (!checkValues) return warnings
    const bad = (values ?? []).flatMap((value, valueIndex) =>
      isValidLabelValue(value).map(message => `${at.child('values').index(valueIndex)}: ${value} is invalid, ${message}`),
    )
    return [...warnings, ...bad]
  })
}
