import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as field from './field-error.ts'

const at = field.path('spec').child('containers').index(0).child('name')

for (const [error, text] of [
  [field.required(at), 'spec.containers[0].name: Required value'],
  [field.required(at, 'give one'), 'spec.containers[0].name: Required value: give one'],
  [field.invalid(at, 'A"b', 'no'), 'spec.containers[0].name: Invalid value: "A\\"b": no'],
  [field.invalid(at, 5, 'no'), 'spec.containers[0].name: Invalid value: 5: no'],
  [field.invalid(at, undefined, 'no'), 'spec.containers[0].name: Invalid value: null: no'],
  [field.invalid(at, { a: '<b>' }, 'no'), 'spec.containers[0].name: Invalid value: {"a":"\\u003cb\\u003e"}: no'],
  [field.invalid(at, field.omitValue, 'no'), 'spec.containers[0].name: Invalid value: no'],
  [field.notSupported('p', 'x', ['A', 'B']), 'p: Unsupported value: "x": supported values: "A", "B"'],
  [field.notSupported('p', 'x', []), 'p: Unsupported value: "x"'],
  [field.duplicate('p', 'x'), 'p: Duplicate value: "x"'],
  [field.forbidden('p', 'no'), 'p: Forbidden: no'],
  [field.tooLong('p', 'xxx', 2), 'p: Too long: may not be more than 2 bytes'],
  [field.tooLong('p', 'xxx', 1), 'p: Too long: may not be more than 1 byte'],
  [field.tooLongCharacters('p', 'xxx', 2), 'p: Too long: may not be more than 2 characters'],
  [field.tooShort('p', 'x', 2), 'p: Too short: must be at least 2 characters'],
  [field.tooMany('p', 3, 2), 'p: Too many: 3: must have at most 2 items'],
  [field.tooMany('p', -1, 1), 'p: Too many: must have at most 1 item'],
  [field.tooFew('p', 0, 1), 'p: Too few: 0: must have at least 1 item'],
  [field.notFound('p', 'x'), 'p: Not found: "x"'],
  [field.typeInvalid('p', 'x', 'must be a number'), 'p: Invalid value: "x": must be a number'],
  [field.internal('p', 'boom'), 'p: Internal error: boom'],
] as [field.FieldError, string][]) {
  test(`field error: ${text}`, () => assert.equal(field.errorText(error), text))
}

for (const [path, text] of [
  [field.path('metadata', 'labels').key('a/b'), 'metadata.labels[a/b]'],
  [field.path().child('spec').index(2), 'spec[2]'],
  [field.path('spec').child('a', 'b'), 'spec.a.b'],
] as [field.FieldPath, string][]) {
  test(`field path: ${text}`, () => assert.equal(String(path), text))
}

test('field errors together: once each, in brackets', () => {
  assert.equal(field.aggregateText([]), '')
  assert.equal(field.aggregateText([field.required('a'), field.required('a')]), 'a: Required value')
  assert.equal(field.aggregateText([field.required('a'), field.required('b')]), '[a: Required value, b: Required value]')
})
