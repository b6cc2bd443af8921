import type { LabelSelector, LabelSelectorRequirement } from '#apimachinery/meta/v1/types.gen.ts'
import { type FieldError, type FieldPath, forbidden, invalid, required } from '#apimachinery/validation/field-error.ts'
import { isValidLabelValue, validateLabelName, validateLabels } from '#apimachinery/validation/names.ts'

/** What is wrong with a label selector of an API object; none is fine. */
export function validateLabelSelector(selector: LabelSelector | undefined, path: FieldPath): FieldError[] {
  if (selector === undefined) return []
  return [
    ...validateLabels(selector.matchLabels, path.child('matchLabels')),
    ...(selector.matchExpressions ?? []).flatMap((requirement, index) =>
      validateRequirement(requirement, path.child('matchExpressions').index(index)),
    ),
  ]
}

function validateRequirement({ key, operator, values = [] }: LabelSelectorRequirement, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
  } else {
    errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'))
  }
  errors.push(...validateLabelName(key, path.child('key')))
  for (const [index, value] of values.entries()) {
    for (const message of isValidLabelValue(value)) errors.push(invalid(path.child('values').index(index), value, message))
  }
  return errors
}
