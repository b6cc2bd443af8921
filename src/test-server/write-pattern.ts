import { forbidden, invalid } from '#apimachinery/validation/field-error.ts'
import type { WritePattern } from '#cluster/index.ts'
import { hasField, pointer } from './object-field.ts'
import { anything, described, either, list, object, oneOf, type Shape, text } from '#apimachinery/validation/shape.ts'

const root = '/registry/'
const operation = oneOf('create', 'update', 'delete')

const told = object(
  {},
  {
    keyPrefix: described('/registry/pods/, /registry/pods/default/web, /registry/leases.coordination.k8s.io/', text()),
    operation: either(operation, list(operation)),
    pointer: described('What is written has this field: JSON Pointer, such as /spec/nodeName', pointer),
    value: anything('What the field has to be; left out: the field has to be there'),
  },
)

/** Which writes to the storage; all that is left out may be anything. */
export const writePattern: Shape<WritePattern> = {
  ...told,
  read: (given, at, errors) => {
    const { pointer: field, value, ...pattern } = told.read(given, at, errors)
    const { keyPrefix } = pattern
    if (typeof keyPrefix === 'string' && !keyPrefix.startsWith(root) && !root.startsWith(keyPrefix))
      errors.push(invalid(at.child('keyPrefix'), keyPrefix, `must begin with ${root}`))
    if (field === undefined && value !== undefined) errors.push(forbidden(at.child('value'), 'may only be given with pointer'))
    if (field === undefined) return pattern
    return { ...pattern, where: write => hasField(write.value?.object, field, value) }
  },
}
