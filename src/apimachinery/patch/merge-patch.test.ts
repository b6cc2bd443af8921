import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { deepEqual, type JSONObject } from '../value/json-value.ts'
import { applyMergePatch, createMergePatch } from './merge-patch.ts'

/** The examples of RFC 7386, appendix A, that have an object as patch. */
for (const { original, patch, want } of [
  { original: { a: 'b' }, patch: { a: 'c' }, want: { a: 'c' } },
  { original: { a: 'b' }, patch: { b: 'c' }, want: { a: 'b', b: 'c' } },
  { original: { a: 'b' }, patch: { a: null }, want: {} },
  { original: { a: 'b', b: 'c' }, patch: { a: null }, want: { b: 'c' } },
  { original: { a: ['b'] }, patch: { a: 'c' }, want: { a: 'c' } },
  { original: { a: 'c' }, patch: { a: ['b'] }, want: { a: ['b'] } },
  { original: { a: { b: 'c' } }, patch: { a: { b: 'd', c: null } }, want: { a: { b: 'd' } } },
  { original: { a: [{ b: 'c' }] }, patch: { a: [1] }, want: { a: [1] } },
  { original: { e: null }, patch: { a: 1 }, want: { e: null, a: 1 } },
  { original: {}, patch: { a: { bb: { ccc: null } } }, want: { a: { bb: {} } } },
  { original: { a: 1 }, patch: JSON.parse('{"__proto__":{"x":1},"constructor":null}'), want: { a: 1 } },
  { original: { constructor: 1 }, patch: {}, want: { constructor: 1 } },
]) {
  test(`merge patch: ${JSON.stringify(original)} with ${JSON.stringify(patch)}`, () => {
    assert.deepEqual(applyMergePatch(original as object, patch as object), want as object)
  })
}

test('merge patch: fields that the patch does not name are those of the original; all others are new, however deep', () => {
  const original = { spec: { a: [{ b: 1 }] }, status: { c: [{ d: 1 }], e: { f: 1 } } }
  const patch = { status: { e: { f: [2] } } }
  const result = applyMergePatch(original, patch) as unknown as { spec: unknown; status: { c: unknown[]; e: { f: unknown[] } } }
  assert.equal(result.spec, original.spec)
  result.status.c.push('x')
  result.status.e.f.push('x')
  assert.deepEqual([original.status, patch.status.e.f], [{ c: [{ d: 1 }], e: { f: 1 } }, [2]])
})

test('merge patch: a list is refused', () => assert.throws(() => applyMergePatch({}, []), { code: 400, message: 'Invalid JSON Patch' }))

const keys = fc.constantFrom('a', 'b', 'c')
const { tree } = fc.letrec(tie => ({
  tree: fc.dictionary(keys, fc.oneof({ maxDepth: 3 }, fc.integer(), fc.string(), fc.array(fc.integer()), tie('tree')), {
    noNullPrototype: true,
  }),
}))

test('merge patch: applying the difference of a and b to a gives b', () => {
  fc.assert(
    fc.property(tree, tree, (a, b) => {
      const patch = createMergePatch(a as JSONObject, b as JSONObject) ?? {}
      assert.ok(deepEqual(applyMergePatch(a as JSONObject, patch), b))
    }),
  )
})
