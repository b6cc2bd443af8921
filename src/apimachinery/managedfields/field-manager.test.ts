import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ManagedFieldsEntry, ObjectMeta } from '../meta/v1/types.gen.ts'
import { schemas as meta } from '../meta/v1/schema.gen.ts'
import { type MessageSchema, SchemaRegistry } from '../schema/schema.ts'
import { deepCopy, deepEqual, type JSONObject } from '../value/json-value.ts'
import { FieldManager } from './field-manager.ts'

const toys = {
  'io.example.v1.Toy': {
    root: true,
    fields: {
      metadata: { number: 1, type: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', embedded: true },
      spec: { number: 2, type: 'io.example.v1.ToySpec', embedded: true },
      status: { number: 3, type: 'io.example.v1.ToyStatus', embedded: true },
    },
  },
  'io.example.v1.ToySpec': {
    fields: {
      replicas: { number: 1, type: 'int32', pointer: true },
      parts: { number: 2, type: 'io.example.v1.Part', shape: 'list', listType: 'map', listMapKeys: ['name'] },
      ports: { number: 3, type: 'io.example.v1.Port', shape: 'list', listType: 'map', listMapKeys: ['port', 'protocol'] },
      tags: { number: 4, type: 'string', shape: 'list', listType: 'set' },
      args: { number: 5, type: 'string', shape: 'list' },
      whole: { number: 6, type: 'io.example.v1.Whole' },
    },
  },
  'io.example.v1.Part': {
    fields: {
      name: { number: 1, type: 'string', required: true },
      image: { number: 2, type: 'string' },
      env: { number: 3, type: 'string', shape: 'map' },
    },
  },
  'io.example.v1.Port': {
    fields: {
      port: { number: 1, type: 'int32', required: true },
      protocol: { number: 2, type: 'string', default: 'TCP' },
      name: { number: 3, type: 'string' },
    },
  },
  'io.example.v1.Whole': { structType: 'atomic', fields: { a: { number: 1, type: 'string' }, b: { number: 2, type: 'string' } } },
  'io.example.v1.ToyStatus': { fields: { phase: { number: 1, type: 'string' } } },
} satisfies Record<string, Omit<MessageSchema, 'name'>>
const registry = new SchemaRegistry(meta, toys)
const typeMeta = { apiVersion: 'example.io/v1', kind: 'Toy' }
const toy = new FieldManager({ ...typeMeta, registry, schema: registry.get('io.example.v1.Toy'), resetFields: [['status']] })
const toyStatus = new FieldManager({
  ...typeMeta,
  registry,
  schema: registry.get('io.example.v1.Toy'),
  subresource: 'status',
  resetFields: [['spec']],
})

interface Toy {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  spec: JSONObject
  status: JSONObject
}

function make(spec: JSONObject, metadata: Partial<ObjectMeta> = {}, status: JSONObject = {}): Toy {
  return { ...typeMeta, metadata: { name: 'a', uid: '1', ...metadata }, spec, status }
}

function applied(spec: JSONObject, metadata: JSONObject = {}): JSONObject {
  return { ...typeMeta, metadata: { name: 'a', ...metadata }, spec }
}

/** What the store would keep of an apply: no nulls. */
function stored(object: JSONObject): Toy {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(clean)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, field]) => field !== null)
        .map(([key, field]) => [key, clean(field)]),
    )
  }
  return { ...make({}), ...(clean(object) as object) }
}

function create(spec: JSONObject, manager = 'creator', metadata: Partial<ObjectMeta> = {}): Toy {
  const object = make(spec, metadata)
  toy.update(undefined, object, manager, 't0')
  return object
}

/** `manager operation[/subresource] @time` → fields. */
function owners(object: { metadata: ObjectMeta }): Record<string, unknown> {
  return Object.fromEntries(
    (object.metadata.managedFields ?? []).map(entry => [
      `${entry.manager} ${entry.operation}${entry.subresource === undefined ? '' : `/${entry.subresource}`} @${entry.time}`,
      entry.fieldsV1,
    ]),
  )
}

const item = { '.': {}, 'f:name': {} }

test('managed fields: a create owns all that it set, but not what identifies the object', () => {
  const object = create(
    { replicas: 1, parts: [{ name: 'x', env: { A: '1' } }], ports: [{ port: 80 }], tags: ['p'], args: ['q'], whole: { a: '1' } },
    'creator',
    { labels: { l: '1' }, finalizers: ['example.com/f'] },
  )
  assert.deepEqual(object.metadata.managedFields, [
    {
      manager: 'creator',
      operation: 'Update',
      apiVersion: 'example.io/v1',
      time: 't0',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': {
          'f:finalizers': { '.': {}, 'v:"example.com/f"': {} },
          'f:labels': { '.': {}, 'f:l': {} },
        },
        'f:spec': {
          'f:args': {},
          'f:parts': { '.': {}, 'k:{"name":"x"}': { ...item, 'f:env': { '.': {}, 'f:A': {} } } },
          'f:ports': { '.': {}, 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } },
          'f:replicas': {},
          'f:tags': { '.': {}, 'v:"p"': {} },
          'f:whole': {},
        },
      },
    },
  ])
})

test('managed fields: an update takes what it changes, and loses what it removes', () => {
  const live = create({ replicas: 1, parts: [{ name: 'x', image: 'i' }, { name: 'y' }] })
  const object = make({ replicas: 2, parts: [{ name: 'x', image: 'i' }], args: ['a'] })
  toy.update(live, object, 'other', 't1')
  assert.deepEqual(owners(object), {
    'creator Update @t0': { 'f:spec': { 'f:parts': { '.': {}, 'k:{"name":"x"}': { ...item, 'f:image': {} } } } },
    'other Update @t1': { 'f:spec': { 'f:args': {}, 'f:replicas': {} } },
  })
})

test('managed fields: an update that changes nothing changes no owner and no time', () => {
  const live = create({ replicas: 1 })
  const object = make({ replicas: 1 }, { managedFields: deepCopy(live.metadata.managedFields!) })
  toy.update(live, object, 'other', 't1')
  assert.deepEqual(object.metadata.managedFields, live.metadata.managedFields)
})

test('managed fields: a subresource has its own entry and ignores entries from the request', () => {
  const live = create({ replicas: 1 })
  const object = make({ replicas: 9 }, { managedFields: [{}] }, { phase: 'Ready' })
  toyStatus.update(live, object, 'kubelet', 't1')
  assert.deepEqual(owners(object), {
    'creator Update @t0': { 'f:spec': { 'f:replicas': {} } },
    'kubelet Update/status @t1': { 'f:status': { 'f:phase': {} } },
  })
})

test('managed fields: an empty entry resets them, malformed ones are ignored, nothing keeps them', () => {
  const live = create({ replicas: 1 })
  const reset = make({ replicas: 1 }, { managedFields: [{}] })
  toy.update(live, reset, 'other', 't1')
  assert.equal(reset.metadata.managedFields, undefined)
  for (const given of [undefined, [{ manager: 'x', operation: 'Jump' }]] as (ManagedFieldsEntry[] | undefined)[]) {
    const object = make({ replicas: 1 }, given === undefined ? {} : { managedFields: given })
    toy.update(live, object, 'other', 't1')
    assert.deepEqual(owners(object), owners(live))
  }
})

test('managed fields: an object that is not tracked stays so until it is applied', () => {
  const live = make({ replicas: 1 })
  const object = make({ replicas: 2 })
  toy.update(live, object, 'other', 't1')
  assert.equal(object.metadata.managedFields, undefined)
  const { object: result } = toy.apply(object, applied({ args: ['a'] }), 'me', { force: false, time: 't2' })
  assert.deepEqual(owners(stored(result)), {
    'me Apply @t2': { 'f:spec': { 'f:args': {} } },
    'before-first-apply Update @t2': { 'f:spec': { 'f:replicas': {} } },
  })
})

test('managed fields: eleven updaters become ten', () => {
  let live = create({ args: ['0'] }, 'm0', { labels: { l0: '0' } })
  for (let index = 1; index <= 10; index++) {
    const labels = { ...live.metadata.labels, [`l${index}`]: String(index) }
    const object = make({ args: ['0'] }, { labels })
    toy.update(live, object, `m${index}`, `t${String(index).padStart(2, '0')}`)
    live = object
  }
  const names = live.metadata.managedFields!.map(entry => entry.manager)
  assert.deepEqual(
    names,
    ['m2', 'ancient-changes', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9', 'm10'].toSorted((a, b) => names.indexOf(a) - names.indexOf(b)),
  )
  assert.equal(names.length, 10)
})

test('apply: a new object', () => {
  const { object, changed } = toy.apply(undefined, applied({ replicas: 1 }, { labels: { l: '1' } }), 'me', { force: false, time: 't1' })
  assert.equal(changed, true)
  assert.deepEqual(stored(object).spec, { replicas: 1 })
  assert.deepEqual(owners(stored(object)), {
    'me Apply @t1': { 'f:metadata': { 'f:labels': { 'f:l': {} } }, 'f:spec': { 'f:replicas': {} } },
  })
})

test('apply: one conflict is told with its manager', () => {
  const live = create({ parts: [{ name: 'x', image: 'i' }] }, 'kubectl')
  assert.throws(() => toy.apply(live, applied({ parts: [{ name: 'x', image: 'j' }] }), 'me', { force: false, time: 't1' }), {
    code: 409,
    reason: 'Conflict',
    message: 'Apply failed with 1 conflict: conflict with "kubectl" using example.io/v1: .spec.parts[name="x"].image',
    status: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Apply failed with 1 conflict: conflict with "kubectl" using example.io/v1: .spec.parts[name="x"].image',
      reason: 'Conflict',
      details: {
        causes: [
          { reason: 'FieldManagerConflict', message: 'conflict with "kubectl" using example.io/v1', field: '.spec.parts[name="x"].image' },
        ],
      },
      code: 409,
    },
  })
})

test('apply: several conflicts are listed by manager', () => {
  const { object } = toy.apply(create({ replicas: 1, args: ['a'] }, 'kubectl'), applied({ tags: ['x'], whole: { a: '1' } }), 'first', {
    force: false,
    time: 't1',
  })
  assert.throws(
    () => toy.apply(stored(object), applied({ replicas: 2, args: ['b'], whole: { a: '2' } }), 'second', { force: false, time: 't2' }),
    {
      message:
        'Apply failed with 3 conflicts: conflicts with "first":\n- .spec.whole\nconflicts with "kubectl" using example.io/v1:\n- .spec.args\n- .spec.replicas',
    },
  )
})

test('apply: the same value makes shared owners, force takes the field away', () => {
  const live = create({ replicas: 1 })
  const shared = toy.apply(live, applied({ replicas: 1 }), 'me', { force: false, time: 't1' })
  assert.equal(shared.changed, true)
  assert.deepEqual(owners(stored(shared.object)), {
    'me Apply @undefined': { 'f:spec': { 'f:replicas': {} } },
    'creator Update @t0': { 'f:spec': { 'f:replicas': {} } },
  })
  const forced = toy.apply(live, applied({ replicas: 2 }), 'me', { force: true, time: 't1' })
  assert.deepEqual(owners(stored(forced.object)), { 'me Apply @t1': { 'f:spec': { 'f:replicas': {} } } })
  assert.equal(stored(forced.object).spec['replicas'], 2)
})

test('apply: what is no longer applied goes, unless somebody else owns it; an element goes with all that is in it', () => {
  const first = toy.apply(
    undefined,
    applied(
      { replicas: 1, args: ['a'], parts: [{ name: 'x', image: 'i' }, { name: 'y' }], tags: ['p', 'q'] },
      { labels: { l: '1', m: '2' } },
    ),
    'me',
    { force: false, time: 't1' },
  )
  const live = stored(first.object)
  const touched = deepCopy(live)
  touched.spec['args'] = ['b']
  touched.spec['tags'] = ['p', 'q', 'r']
  ;(touched.spec['parts'] as JSONObject[])[1]!['image'] = 'j'
  toy.update(live, touched, 'other', 't2')
  const second = toy.apply(touched, applied({ parts: [{ name: 'x' }], tags: ['q'] }, { labels: { m: '2' } }), 'me', {
    force: false,
    time: 't3',
  })
  const result = stored(second.object)
  assert.deepEqual(result.spec, { args: ['b'], parts: [{ name: 'x' }], tags: ['q', 'r'] })
  assert.deepEqual(result.metadata.labels, { m: '2' })
})

test('apply: again the same changes nothing', () => {
  const config = applied({ replicas: 1, parts: [{ name: 'x' }], ports: [{ port: 80 }, { port: 80, protocol: 'UDP' }] })
  const live = stored(toy.apply(undefined, config, 'me', { force: false, time: 't1' }).object)
  const again = toy.apply(live, config, 'me', { force: false, time: 't2' })
  assert.equal(again.changed, false)
  assert.deepEqual(stored(again.object), live)
})

test('apply: elements keep their places', () => {
  const names = (object: JSONObject) => (stored(object).spec['parts'] as { name: string }[]).map(({ name }) => name).join('')
  const parts = (text: string) => ({ parts: Array.from(text).map(name => ({ name })) })
  for (const { live, config, want } of [
    { live: 'abc', config: 'b', want: 'abc' },
    { live: 'abc', config: 'cb', want: 'acb' },
    { live: 'ab', config: 'xb', want: 'axb' },
    { live: 'ab', config: 'bx', want: 'abx' },
  ]) {
    const { object } = toy.apply(create(parts(live)), applied(parts(config)), 'me', { force: true, time: 't1' })
    assert.equal(names(object), want, `${live} + ${config}`)
  }
})

test('apply: the endpoint does not own what it resets', () => {
  const { object } = toy.apply(undefined, { ...applied({ replicas: 1 }), status: { phase: 'x' } }, 'me', { force: false, time: 't1' })
  assert.deepEqual(owners(stored(object)), { 'me Apply @t1': { 'f:spec': { 'f:replicas': {} } } })
})

const typed = 'failed to create typed patch object (/a; example.io/v1, Kind=Toy): '
for (const { name, config, message, code } of [
  { name: 'unknown field', config: applied({ replicsa: 1 }), message: `${typed}.spec.replicsa: field not declared in schema`, code: 500 },
  {
    name: 'duplicate element',
    config: applied({ parts: [{ name: 'x' }, { name: 'x' }] }),
    message: `${typed}.spec.parts: duplicate entries for key [name="x"]`,
    code: 500,
  },
  {
    name: 'element without key',
    config: applied({ parts: [{ image: 'x' }] }),
    message: `${typed}.spec.parts: element 0: associative list with keys has an element that omits key field "name" (and doesn't have default value)`,
    code: 500,
  },
  {
    name: 'two faults',
    config: applied({ replicas: 'x', args: {} }),
    message: `${typed}errors:\n  .spec.args: expected list, got &{map[]}\n  .spec.replicas: expected numeric (int or float), got string`,
    code: 500,
  },
  { name: 'managedFields given', config: applied({}, { managedFields: [] }), message: 'metadata.managedFields must be nil', code: 400 },
  { name: 'another kind', config: { ...applied({}), kind: 'Doll' }, message: 'invalid object type: example.io/v1, Kind=Doll', code: 400 },
]) {
  test(`apply: ${name} → ${code}`, () => {
    assert.throws(() => toy.apply(undefined, config, 'me', { force: false, time: 't1' }), { message, code })
  })
}

test('apply without a schema: maps are shared field by field, lists owned as a whole', () => {
  const custom = new FieldManager({ ...typeMeta, registry })
  const { object } = custom.apply(undefined, applied({ a: { b: 1 }, list: [{ x: 1 }] }), 'me', { force: false, time: 't1' })
  assert.deepEqual(owners(stored(object)), { 'me Apply @t1': { 'f:spec': { 'f:a': { '.': {}, 'f:b': {} }, '.': {}, 'f:list': {} } } })
})

const names = fc.constantFrom('a', 'b', 'c')
const configs = fc
  .record(
    {
      replicas: fc.integer({ min: 0, max: 3 }),
      args: fc.array(names, { minLength: 1, maxLength: 2 }),
      tags: fc.uniqueArray(names, { minLength: 1 }),
      parts: fc.uniqueArray(fc.record({ name: names, image: names }, { requiredKeys: ['name'] }), {
        selector: part => part.name,
        minLength: 1,
      }),
    },
    { requiredKeys: [] },
  )
  .map(spec => applied(spec as JSONObject))

test('apply: the last configuration of the only manager is what stays', () => {
  fc.assert(
    fc.property(configs, configs, (a, b) => {
      const live = stored(toy.apply(undefined, a, 'me', { force: false, time: 't1' }).object)
      const next = stored(toy.apply(live, b, 'me', { force: false, time: 't2' }).object)
      const only = stored(toy.apply(undefined, b, 'me', { force: false, time: 't2' }).object)
      assert.ok(deepEqual(next.spec, only.spec), JSON.stringify([next.spec, only.spec]))
      assert.deepEqual(
        next.metadata.managedFields?.map(entry => entry.fieldsV1),
        only.metadata.managedFields?.map(entry => entry.fieldsV1),
      )
    }),
  )
})

const texts = fc.constantFrom('', 'a', 'b')
const specs = fc.record(
  {
    replicas: fc.integer({ min: 0, max: 1 }),
    args: fc.array(texts, { maxLength: 2 }),
    tags: fc.array(texts, { maxLength: 3 }),
    parts: fc.array(
      fc.record({ name: texts, image: texts, env: fc.dictionary(texts, texts, { noNullPrototype: true }) }, { requiredKeys: [] }),
      {
        maxLength: 3,
      },
    ),
    ports: fc.array(
      fc.record({ port: fc.integer({ min: 0, max: 1 }), protocol: fc.constantFrom('TCP', 'UDP') }, { requiredKeys: ['port'] }),
      {
        maxLength: 2,
      },
    ),
    whole: fc.record({ a: texts }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
)

test('create: who made many objects before records the same as who makes the first', () => {
  const options = { ...typeMeta, registry, schema: registry.get('io.example.v1.Toy'), resetFields: [['status']] }
  const experienced = new FieldManager(options)
  fc.assert(
    fc.property(specs, fc.constantFrom({}, { phase: '' }, { phase: 'x' }), (spec, status) => {
      const recorded = [experienced, new FieldManager(options)].map(manager => {
        const object = make(deepCopy(spec as JSONObject), { labels: { a: 'b' } }, status)
        manager.update(undefined, object, 'creator', 't1')
        return object.metadata.managedFields
      })
      assert.deepEqual(recorded[0], recorded[1])
    }),
    { numRuns: 2_000 },
  )
})
