import { invalid } from '#apimachinery/validation/field-error.ts'
import { pointerTokens, valueAt } from '#apimachinery/value/json-pointer.ts'
import { deepEqual } from '#apimachinery/value/json-value.ts'
import { described, type Shape, text } from '#apimachinery/validation/shape.ts'

const anyText = text()

/** JSON Pointer to a field of an object. */
export const pointer: Shape<string> = {
  ...described('JSON Pointer to a field, such as /status/containerStatuses/0/restartCount', anyText),
  read: (value, at, errors) => {
    const told = anyText.read(value, at, errors)
    if (pointerTokens(told) === undefined) errors.push(invalid(at, told, 'must be a JSON Pointer, such as /status/phase'))
    return told
  },
}

/** Whether an object has the value there, or anything when no value is given. */
export function hasField(object: unknown, at: string, value: unknown): boolean {
  const found = valueAt(object, at)
  return value === undefined ? found !== undefined : deepEqual(found, value)
}
