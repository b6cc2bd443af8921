import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anything, boolean, either, integer, list, map, number, object, oneOf, readShape, type Shape, text } from './shape.ts'

const thing = object({ name: text(), size: either(integer({ min: 1, max: 9 }), text()) }, { tags: list(text()), by: map(boolean()) })

const cases: { name: string; shape: Shape<unknown>; value: unknown; want: string | undefined }[] = [
  { name: 'all fields', shape: thing, value: { name: 'a', size: 3, tags: ['x'], by: { me: true } }, want: undefined },
  { name: 'only those needed', shape: thing, value: { name: 'a', size: 'big' }, want: undefined },
  { name: 'a field is missing', shape: thing, value: { size: 1 }, want: 'name: Required value' },
  { name: 'a field is null', shape: thing, value: { name: null, size: 1 }, want: 'name: Invalid value: null: must be a string' },
  {
    name: 'a field that there is not',
    shape: thing,
    value: { name: 'a', size: 1, sise: 2 },
    want: 'sise: Forbidden: unknown field; known are name, size, tags, by',
  },
  {
    name: 'a field that every object has',
    shape: thing,
    value: { name: 'a', size: 1, constructor: 2 },
    want: 'constructor: Forbidden: unknown field; known are name, size, tags, by',
  },
  { name: 'too big', shape: thing, value: { name: 'a', size: 10 }, want: 'size: Invalid value: 10: must be 1 to 9' },
  {
    name: 'no whole number',
    shape: thing,
    value: { name: 'a', size: 1.5 },
    want: 'size: Invalid value: 1.5: must be a whole number or a string',
  },
  {
    name: 'several at once, deep inside',
    shape: thing,
    value: { name: 'a', size: 1, tags: ['x', 7], by: { me: 'yes' } },
    want: 'tags[1]: Invalid value: 7: must be a string; by[me]: Invalid value: "yes": must be true or false',
  },
  { name: 'no object at all', shape: thing, value: [1], want: 'Invalid value: [1]: must be an object' },
  { name: 'nothing at all', shape: thing, value: undefined, want: 'Invalid value: null: must be an object' },
  { name: 'one of some', shape: oneOf('a', 'b'), value: 'c', want: 'Unsupported value: "c": supported values: "a", "b"' },
  { name: 'a number without an upper limit', shape: number({ min: 0 }), value: -1, want: 'Invalid value: -1: must be 0 or more' },
  { name: 'anything', shape: anything('x'), value: null, want: undefined },
]
for (const { name, shape, value, want } of cases) {
  test(`shape: ${name} → ${want ?? 'as it is'}`, () => {
    if (want === undefined) assert.deepEqual(readShape(shape, value), value)
    else assert.throws(() => readShape(shape, value), { name: 'ShapeError', message: want })
  })
}
