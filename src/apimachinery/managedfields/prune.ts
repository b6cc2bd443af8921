import type { JSONObject } from '../value/json-value.ts'
import { difference, emptySet, type FieldSet, intersection, isEmpty, union } from './field-set.ts'
import { fieldSetOf, withNamedFields } from './field-set-of.ts'
import type { FieldType } from './field-type.ts'
import { removeItems } from './merge.ts'

/**
 * Takes away what a manager applied last time and no longer does, unless somebody owns it (the manager's new set counts) or the manager
 * never owned it.
 */
export function prune({
  merged,
  type,
  last,
  managed,
}: {
  merged: JSONObject
  type: FieldType
  /** The manager's set of last time. */
  last: FieldSet | undefined
  /** The sets of all managers after this operation. */
  managed: readonly FieldSet[]
}): JSONObject {
  if (last === undefined || isEmpty(last)) return merged
  const owned = managed.reduce(union, emptySet)
  if (isEmpty(difference(last, owned))) return merged
  const named = (set: FieldSet) => withNamedFields(set, type)
  const mergedSet = named(fieldSetOf(merged, type))
  const withoutLast = removeItems(merged, named(last), type)
  const kept = union(named(fieldSetOf(withoutLast, type)), named(owned))
  const withOwned = removeItems(merged, difference(mergedSet, kept), type)
  // What hung below removed items but was nobody's comes back.
  const gone = difference(mergedSet, named(fieldSetOf(withOwned, type)))
  return removeItems(merged, intersection(gone, named(last)), type)
}
