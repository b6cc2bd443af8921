import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepCopy } from '../value/json-value.ts'
import { applyJSONPatch } from './json-patch.ts'

const document = { a: { b: 1, 'x/y': 2 }, list: ['p', 'q', 'r'] }

for (const { name, patch, want } of [
  { name: 'add a field', patch: [{ op: 'add', path: '/a/c', value: { d: 1 } }], want: { a: { b: 1, 'x/y': 2, c: { d: 1 } } } },
  { name: 'add into a list', patch: [{ op: 'add', path: '/list/1', value: 'n' }], want: { list: ['p', 'n', 'q', 'r'] } },
  { name: 'add to the end', patch: [{ op: 'add', path: '/list/-', value: 'n' }], want: { list: ['p', 'q', 'r', 'n'] } },
  { name: 'add at a negative index', patch: [{ op: 'add', path: '/list/-1', value: 'n' }], want: { list: ['p', 'q', 'r', 'n'] } },
  { name: 'remove from a list', patch: [{ op: 'remove', path: '/list/-1' }], want: { list: ['p', 'q'] } },
  { name: 'replace an escaped key', patch: [{ op: 'replace', path: '/a/x~1y', value: 3 }], want: { a: { b: 1, 'x/y': 3 } } },
  { name: 'move', patch: [{ op: 'move', from: '/a/b', path: '/c' }], want: { a: { 'x/y': 2 }, c: 1 } },
  { name: 'copy', patch: [{ op: 'copy', from: '/a', path: '/c' }], want: { c: { b: 1, 'x/y': 2 } } },
  {
    name: 'test and go on',
    patch: [
      { op: 'test', path: '/a/b', value: 1 },
      { op: 'remove', path: '/a' },
    ],
    want: { a: undefined },
  },
  { name: 'test that nothing is there', patch: [{ op: 'test', path: '/none', value: null }], want: {} },
]) {
  test(`JSON patch: ${name}`, () => {
    const before = deepCopy(document)
    assert.deepEqual(applyJSONPatch(document, patch), deepCopy({ ...document, ...want }))
    assert.deepEqual(document, before)
  })
}

const refused = 'the server rejected our request due to an error in our request'
for (const { name, patch, message, code, cause } of [
  { name: 'no list', patch: {}, message: 'json: cannot unmarshal object into Go value of type jsonpatch.Patch', code: 400 },
  { name: 'remove what is not there', patch: [{ op: 'remove', path: '/z' }], message: refused, code: 422, cause: /missing path: "\/z"/ },
  {
    name: 'replace what is not there',
    patch: [{ op: 'replace', path: '/z', value: 1 }],
    message: refused,
    code: 422,
    cause: /missing path/,
  },
  { name: 'add out of range', patch: [{ op: 'add', path: '/list/9', value: 1 }], message: refused, code: 422, cause: /missing path/ },
  {
    name: 'a failing test',
    patch: [{ op: 'test', path: '/a/b', value: 2 }],
    message: refused,
    code: 422,
    cause: /testing value \/a\/b failed/,
  },
  { name: 'the whole document', patch: [{ op: 'replace', path: '', value: {} }], message: refused, code: 422, cause: /missing path/ },
  { name: 'an unknown operation', patch: [{ op: 'jump', path: '/a' }], message: refused, code: 422, cause: /Unexpected kind: jump/ },
  { name: 'a prototype', patch: [{ op: 'add', path: '/__proto__/x', value: 1 }], message: refused, code: 422, cause: /missing path/ },
  { name: 'an inherited name', patch: [{ op: 'remove', path: '/toString' }], message: refused, code: 422, cause: /missing path/ },
  {
    name: 'too much',
    patch: Array.from({ length: 10_001 }, () => ({})),
    message: /Request entity too large: The allowed maximum operations/,
    code: 413,
  },
]) {
  test(`JSON patch: ${name} → ${code}`, () => {
    assert.throws(
      () => applyJSONPatch(document, patch),
      (error: Error & { code: number; cause?: Error }) => {
        assert.equal(error.code, code)
        if (typeof message === 'string') assert.equal(error.message, message)
        else assert.match(error.message, message)
        if (cause !== undefined) assert.match(error.cause!.message, cause)
        return true
      },
    )
  })
}
