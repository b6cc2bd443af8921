import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MessageSchema, SchemaRegistry } from '../schema/schema.ts'
import { deepCopy } from '../value/json-value.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

const registry = new SchemaRegistry({
  'v1.Root': {
    fields: {
      items: { number: 1, type: 'v1.Item', shape: 'list', patchStrategy: 'merge', patchMergeKey: 'name' },
      atoms: { number: 2, type: 'v1.Item', shape: 'list' },
      names: { number: 3, type: 'string', shape: 'list', patchStrategy: 'merge' },
      labels: { number: 4, type: 'string', shape: 'map' },
      strategy: { number: 5, type: 'v1.Strategy', patchStrategy: 'retainKeys' },
      whole: { number: 6, type: 'v1.Strategy', patchStrategy: 'replace' },
      byName: { number: 7, type: 'v1.Root', shape: 'map' },
    },
  },
  'v1.Item': {
    fields: {
      name: { number: 1, type: 'string' },
      value: { number: 2, type: 'string' },
      items: { number: 3, type: 'v1.Item', shape: 'list', patchStrategy: 'merge', patchMergeKey: 'name' },
    },
  },
  'v1.Strategy': { fields: { type: { number: 1, type: 'string' }, rolling: { number: 2, type: 'v1.Item' } } },
} satisfies Record<string, Omit<MessageSchema, 'name'>>)
const options = { schema: registry.get('v1.Root')!, registry }
const item = (name: string, value?: string) => (value === undefined ? { name } : { name, value })

for (const { name, have, patch, want } of [
  {
    name: 'a list is merged by key; what is new comes first',
    have: { items: [item('a', '1'), item('b', '2')] },
    patch: { items: [item('c', '3'), item('b', '4')] },
    want: { items: [item('c', '3'), item('a', '1'), item('b', '4')] },
  },
  {
    name: '$setElementOrder orders the elements',
    have: { items: [item('a'), item('server'), item('b')] },
    patch: { '$setElementOrder/items': [item('b'), item('c'), item('a')], items: [item('c')] },
    want: { items: [item('server'), item('b'), item('c'), item('a')] },
  },
  {
    name: '$patch: delete removes an element',
    have: { items: [item('a'), item('b')] },
    patch: { items: [{ name: 'a', $patch: 'delete' }] },
    want: { items: [item('b')] },
  },
  {
    name: '$patch: replace in a list replaces it',
    have: { items: [item('a'), item('b')] },
    patch: { items: [item('c'), { $patch: 'replace' }] },
    want: { items: [item('c')] },
  },
  {
    name: '$patch: replace in a map replaces it',
    have: { labels: { a: '1', b: '2' } },
    patch: { labels: { $patch: 'replace', c: '3' } },
    want: { labels: { c: '3' } },
  },
  { name: '$patch: delete empties a map', have: { labels: { a: '1' } }, patch: { labels: { $patch: 'delete' } }, want: { labels: {} } },
  { name: 'null removes', have: { labels: { a: '1', b: '2' } }, patch: { labels: { a: null } }, want: { labels: { b: '2' } } },
  { name: 'an atomic list is replaced', have: { atoms: [item('a')] }, patch: { atoms: [item('b')] }, want: { atoms: [item('b')] } },
  { name: 'primitive lists are united', have: { names: ['a', 'b'] }, patch: { names: ['c', 'a'] }, want: { names: ['c', 'a', 'b'] } },
  {
    name: '$deleteFromPrimitiveList',
    have: { names: ['a', 'b', 'c'] },
    patch: { '$deleteFromPrimitiveList/names': ['a', 'z'] },
    want: { names: ['b', 'c'] },
  },
  {
    name: '$retainKeys clears the other keys',
    have: { strategy: { type: 'Rolling', rolling: item('x') } },
    patch: { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    want: { strategy: { type: 'Recreate' } },
  },
  {
    name: 'strategy replace',
    have: { whole: { type: 'a', rolling: item('x') } },
    patch: { whole: { type: 'b' } },
    want: { whole: { type: 'b' } },
  },
  {
    name: 'nested lists are merged',
    have: { items: [{ name: 'a', items: [item('x', '1')] }] },
    patch: { items: [{ name: 'a', items: [item('y', '2')] }] },
    want: { items: [{ name: 'a', items: [item('y', '2'), item('x', '1')] }] },
  },
  {
    name: 'values of a map are merged by their own schema',
    have: { byName: { k: { names: ['a'] } } },
    patch: { byName: { k: { names: ['b'] } } },
    want: { byName: { k: { names: ['b', 'a'] } } },
  },
  {
    name: 'directives and nulls do not enter new fields',
    have: {},
    patch: { labels: { $patch: 'merge', a: null, b: '1' } },
    want: { labels: { b: '1' } },
  },
  { name: 'a prototype stays out', have: {}, patch: JSON.parse('{"labels":{"__proto__":{"x":1},"a":"b"}}'), want: { labels: { a: 'b' } } },
]) {
  test(`strategic merge patch: ${name}`, () => {
    const before = deepCopy(have)
    const patchBefore = deepCopy(patch)
    assert.deepEqual(applyStrategicMergePatch(have, patch, options), want)
    assert.deepEqual(have, before)
    assert.deepEqual(deepCopy(patch), patchBefore)
  })
}

test('strategic merge patch: fields that the patch does not name are those of the original; all others are new, however deep', () => {
  const have = { labels: { a: 'b' }, items: [{ ...item('a'), items: [item('b')] }] }
  const before = deepCopy(have)
  const result = applyStrategicMergePatch(have, { items: [{ name: 'a', value: '1' }] }, options)
  assert.equal(result.labels, have.labels)
  result.items[0]!.items[0]!.name = 'x'
  assert.deepEqual(have, before)
  // A directive may name anything.
  assert.notEqual(applyStrategicMergePatch(have, { $retainKeys: ['labels', 'items'] }, options).labels, have.labels)
})

for (const { name, have, patch, message, code } of [
  {
    name: 'no object',
    have: {},
    patch: [],
    message: 'json: cannot unmarshal array into Go value of type map[string]interface {}',
    code: 400,
  },
  {
    name: 'no merge key',
    have: { items: [item('a')] },
    patch: { items: [{ value: '1' }] },
    message: 'map: map[value:1] does not contain declared merge key: name',
    code: 400,
  },
  {
    name: 'unknown directive',
    have: {},
    patch: { $patch: 'jump' },
    message: 'unknown patch type: jump in map: map[$patch:jump]',
    code: 400,
  },
  { name: 'bad $retainKeys', have: {}, patch: { $retainKeys: ['a'], names: [] }, message: 'invalid patch format of retainKeys', code: 400 },
  {
    name: 'order that contradicts the list',
    have: { items: [] },
    patch: { '$setElementOrder/items': [item('a')], items: [item('b')] },
    message: "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
    code: 400,
  },
  {
    name: 'order of an unknown list',
    have: {},
    patch: { '$setElementOrder/none': [] },
    message: 'unable to find api field in struct Root for the json field "none"',
    code: 400,
  },
  { name: 'lists of lists', have: { names: ['a'] }, patch: { names: [[]] }, message: /list element types are not identical/, code: 400 },
]) {
  test(`strategic merge patch: ${name} → ${code}`, () => {
    assert.throws(() => applyStrategicMergePatch(have, patch, options), { message, code })
  })
}
