import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireKnownFields, requireMilliseconds, requireOneOf } from './known-fields.ts'

test('known fields: what is misspelt is told, with what there is', () => {
  requireKnownFields('a rope', { length: 1 }, ['length', 'colour'])
  assert.throws(() => requireKnownFields('a rope', { lenght: 1 }, ['length', 'colour']), {
    name: 'TypeError',
    message: 'a rope: unknown field "lenght"; known are length, colour',
  })
  assert.throws(() => requireKnownFields('a rope', undefined as never, []), /^TypeError: a rope must be an object, not undefined$/)
  assert.throws(() => requireKnownFields('a rope', [] as never, []), /^TypeError: a rope must be an object, not \[\]$/)
})

test('known fields: times and choices', () => {
  requireMilliseconds('a delay', Number.POSITIVE_INFINITY)
  for (const wrong of ['5s', -1, Number.NaN, undefined])
    assert.throws(() => requireMilliseconds('a delay', wrong as number), /^TypeError: a delay must be a number from 0 on, not /)
  requireOneOf('a colour', 'red', ['red', 'blue'])
  assert.throws(() => requireOneOf('a colour', 'rde', ['red', 'blue']), /^TypeError: a colour must be one of red, blue, not "rde"$/)
})
