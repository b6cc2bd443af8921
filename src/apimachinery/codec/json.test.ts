import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type MessageSchema, SchemaRegistry } from '../schema/schema.ts'
import { schemas as meta } from '../meta/v1/schema.gen.ts'
import { isBadRequest } from '../status/status.ts'
import { duplicateKeys } from './duplicate-keys.ts'
import { decodeJSON, type DecodeOptions, decodeValue } from './json.ts'
import { jsonSyntaxError } from './json-syntax.ts'
import { normaliseTime } from './time.ts'

/** A made-up kind with one field of every sort. */
const toys: Record<string, Omit<MessageSchema, 'name'>> = {
  'io.example.v1.Toy': {
    root: true,
    fields: {
      metadata: { number: 1, type: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', embedded: true },
      spec: { number: 2, type: 'io.example.v1.ToySpec', embedded: true },
      status: { number: 3, type: 'io.example.v1.ToyStatus' },
    },
  },
  'io.example.v1.ToySpec': {
    fields: {
      replicas: { number: 1, type: 'int32', pointer: true },
      paused: { number: 2, type: 'boolean' },
      parts: { number: 3, type: 'io.example.v1.Part', shape: 'list' },
      limits: { number: 4, type: 'quantity', shape: 'map' },
      port: { number: 5, type: 'int-or-string', pointer: true },
      data: { number: 6, type: 'bytes', shape: 'map' },
      timeout: { number: 7, type: 'duration', pointer: true },
      since: { number: 8, type: 'time', pointer: true },
      exact: { number: 9, type: 'micro-time', pointer: true },
      free: { number: 10, type: 'any' },
      ratio: { number: 11, type: 'double' },
      names: { number: 12, type: 'string', shape: 'list' },
    },
  },
  'io.example.v1.Part': {
    fields: {
      name: { number: 1, type: 'string', required: true },
      nested: { number: 2, type: 'io.example.v1.ToyStatus', embedded: true },
      began: { number: 4, type: 'time', embedded: true },
      unit: { number: 5, type: 'quantity', embedded: true },
      note: { number: 6, type: 'string', shown: true },
      env: { number: 3, type: 'string', shape: 'map' },
    },
  },
  'io.example.v1.ToyStatus': { fields: { ready: { number: 1, type: 'boolean', required: true }, phase: { number: 2, type: 'string' } } },
}
const registry = new SchemaRegistry(meta, toys)
const options: DecodeOptions = {
  schema: registry.get('io.example.v1.Toy'),
  registry,
  mode: 'Warn',
  apiVersion: 'example.io/v1',
  kind: 'Toy',
}

function decodeSpec(spec: unknown, more: Partial<DecodeOptions> = {}) {
  return decodeJSON<{ spec: unknown }>(Buffer.from(JSON.stringify({ spec })), { ...options, ...more })
}

for (const { name, have, want } of [
  { name: 'a pointer keeps zero', have: { replicas: 0 }, want: { replicas: 0 } },
  { name: 'a value loses zero', have: { paused: false, names: [], limits: {} }, want: {} },
  { name: 'null is nothing', have: { replicas: null, parts: null }, want: {} },
  { name: 'null in lists and maps is zero', have: { names: [null], limits: { cpu: null } }, want: { names: [''], limits: { cpu: '0' } } },
  {
    name: 'what upstream holds by value is filled in',
    have: { parts: [{}] },
    want: { parts: [{ name: '', nested: { ready: false }, began: null, unit: '0', note: '' }] },
  },
  {
    name: 'and stays as it is',
    have: { parts: [{ name: 'a', began: null, unit: '1', nested: { ready: true }, note: '' }] },
    want: { parts: [{ name: 'a', began: null, unit: '1', nested: { ready: true }, note: '' }] },
  },
  { name: 'quantities', have: { limits: { cpu: 0.1, memory: '1024Mi' } }, want: { limits: { cpu: '100m', memory: '1Gi' } } },
  { name: 'int-or-string', have: { port: '80%' }, want: { port: '80%' } },
  { name: 'int-or-string zero behind a pointer', have: { port: 0 }, want: { port: 0 } },
  { name: 'bytes', have: { data: { a: 'aGk=', b: '' } }, want: { data: { a: 'aGk=', b: '' } } },
  { name: 'duration', have: { timeout: '90s' }, want: { timeout: '1m30s' } },
  { name: 'time', have: { since: '2026-01-02T03:04:05.678+02:00' }, want: { since: '2026-01-02T01:04:05Z' } },
  { name: 'micro time', have: { exact: '2026-01-02T03:04:05.678901Z' }, want: { exact: '2026-01-02T03:04:05.678901Z' } },
  { name: 'anything', have: { free: { a: [1, null] } }, want: { free: { a: [1, null] } } },
]) {
  test(`decode: ${name}`, () => {
    const { object, strictErrors } = decodeSpec(have)
    assert.deepEqual(object.spec, want)
    assert.deepEqual(strictErrors, [])
  })
}

test('decode as given: nothing filled in, zero kept', () => {
  const given = { paused: false, names: [], parts: [{ env: {} }] }
  assert.deepEqual(decodeSpec(given, { asGiven: true }).object, { spec: given, apiVersion: 'example.io/v1', kind: 'Toy' })
})

const prefix = 'Toy in version "v1" cannot be handled as a Toy: '
const cannot = `${prefix}json: cannot unmarshal `
for (const { have, message } of [
  { have: { replicas: 'x' }, message: `${cannot}string into Go struct field ToySpec.spec.replicas of type int32` },
  { have: { replicas: 1.5 }, message: `${cannot}number 1.5 into Go struct field ToySpec.spec.replicas of type int32` },
  { have: { replicas: 2 ** 31 }, message: `${cannot}number 2147483648 into Go struct field ToySpec.spec.replicas of type int32` },
  { have: { parts: {} }, message: `${cannot}object into Go struct field ToySpec.spec.parts of type []v1.Part` },
  { have: { parts: ['a'] }, message: `${cannot}string into Go struct field ToySpec.spec.parts of type v1.Part` },
  { have: { parts: [{ name: 5 }] }, message: `${cannot}number into Go struct field Part.spec.parts.name of type string` },
  { have: { parts: [{ env: { a: 1 } }] }, message: `${cannot}number into Go struct field Part.spec.parts.env of type string` },
  { have: [], message: `${cannot}array into Go struct field Toy.spec of type v1.ToySpec` },
  { have: { port: true }, message: `${cannot}bool into Go value of type int32` },
  { have: { data: { a: 'a!' } }, message: `${prefix}illegal base64 data at input byte 1` },
  {
    have: { limits: { cpu: '1x' } },
    message: `${prefix}quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
  },
  {
    have: { since: 'now' },
    message: `${prefix}parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"`,
  },
  { have: { timeout: '5' }, message: `${prefix}time: missing unit in duration "5"` },
]) {
  test(`decode: ${JSON.stringify(have)} → ${message}`, () => assert.throws(() => decodeSpec(have), { message, code: 400 }))
}

const strictText = '{"metadata":{"labels":{"a":"1","a":"2"}},"foo":{"x":1},"spec":{"parts":[{"name":"a","nme":"b","name":"c"}]}}'
const strictErrors = [
  'unknown field "foo"',
  'unknown field "spec.parts[0].nme"',
  'duplicate field "metadata.labels.a"',
  'duplicate field "spec.parts[0].name"',
]

test('decode: strict errors are told with Warn, refused with Strict, not looked for with Ignore', () => {
  const bytes = Buffer.from(strictText)
  assert.deepEqual(decodeJSON(bytes, options).strictErrors, strictErrors)
  assert.deepEqual(decodeJSON(bytes, { ...options, mode: 'Ignore' }).strictErrors, [])
  const message = `Toy in version "v1" cannot be handled as a Toy: strict decoding error: ${strictErrors.join(', ')}`
  assert.throws(() => decodeJSON(bytes, { ...options, mode: 'Strict' }), { message, code: 400 })
  assert.deepEqual(decodeJSON(bytes, options).object, {
    metadata: { labels: { a: '2' } },
    spec: { parts: [{ name: 'c', nested: { ready: false }, began: null, unit: '0', note: '' }] },
    apiVersion: 'example.io/v1',
    kind: 'Toy',
  })
})

for (const { text, message } of [
  { text: '', message: 'unexpected end of JSON input (<empty>)' },
  { text: '{"a":', message: 'unexpected end of JSON input ({"a":)' },
  { text: 'hello', message: "invalid character 'h' looking for beginning of value (68656c6c6f)" },
  { text: '{a:1}', message: "invalid character 'a' looking for beginning of object key string ({a:1})" },
]) {
  test(`decode: "${text}" → ${message}`, () => {
    const full = `the object provided is unrecognized (must be of type Toy): couldn't get version/kind; json parse error: ${message}`
    assert.throws(() => decodeJSON(Buffer.from(text), options), { message: full, code: 400 })
  })
}

for (const { text, message } of [
  { text: '{"a" 1}', message: "invalid character '1' after object key" },
  { text: '{"a":1 "b"}', message: `invalid character '"' after object key:value pair` },
  { text: '[1 2]', message: "invalid character '2' after array element" },
  { text: '{} x', message: "invalid character 'x' after top-level value" },
  { text: '"\n"', message: "invalid character '\\n' in string literal" },
  { text: '"\\q"', message: "invalid character 'q' in string escape code" },
  { text: 'trux', message: "invalid character 'x' in literal true (expecting 'e')" },
  { text: '1.x', message: "invalid character 'x' after decimal point in numeric literal" },
  { text: '-', message: 'unexpected end of JSON input' },
]) {
  test(`JSON syntax: ${JSON.stringify(text)} → ${message}`, () => assert.equal(jsonSyntaxError(text), message))
}

test('decode: another kind or version is refused', () => {
  assert.throws(
    () => decodeValue({ kind: 'Doll', apiVersion: 'example.io/v1' }, options),
    /Doll in version "v1" cannot be handled as a Toy: converting/,
  )
  const message = 'the API version in the data (example.io/v2) does not match the expected API version (example.io/v1)'
  assert.throws(() => decodeValue({ apiVersion: 'example.io/v2' }, options), { message })
})

test('decode: fields shared with an object that was decoded before stay as they are, like ones that are only equal are read', () => {
  const spec = Object.freeze({ paused: false })
  const decodeToy = (value: object) => decodeValue<{ spec: object }>(value, { ...options, decoded: { spec } }).object.spec
  assert.equal(decodeToy({ spec }), spec)
  assert.deepEqual(decodeToy({ spec: { ...spec } }), {})
})

test('decode: prototype keys disappear', () => {
  const { object } = decodeJSON<{ metadata: { labels: object } }>(
    Buffer.from('{"metadata":{"labels":{"__proto__":"x","\\u005f_proto__":"y","a":"b"}},"__proto__":{"polluted":1}}'),
    options,
  )
  assert.deepEqual(Object.keys(object.metadata.labels), ['a'])
  assert.equal(Object.getPrototypeOf(object), Object.prototype)
})

test('decode: deep nesting is refused, not fatal', () => {
  const deep = `{"foo":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
  assert.throws(() => decodeJSON(Buffer.from(deep), options), isBadRequest)
})

test('decode: any JSON gives an object or BadRequest', () => {
  fc.assert(
    fc.property(fc.json(), text => {
      try {
        decodeJSON(Buffer.from(text), options)
      } catch (error) {
        assert.ok(isBadRequest(error))
      }
    }),
  )
})

test('duplicate keys are found wherever they are', () => {
  const text = '{"a":{"b":"x:\\"{","c":[{"d":1,"d":2}],"b":1},"e\\u0066":1,"ef":2}'
  assert.deepEqual(duplicateKeys(text), ['a.c[0].d', 'a.b', 'ef'])
})

for (const [text, want] of [
  ['2026-02-29T00:00:00Z', 'parsing time "2026-02-29T00:00:00Z": day out of range'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
  ['2026-13-01T00:00:00Z', 'parsing time "2026-13-01T00:00:00Z": month out of range'],
  ['2026-01-01T24:00:00Z', 'parsing time "2026-01-01T24:00:00Z": hour out of range'],
  ['2026-01-01T00:00:00', 'parsing time "2026-01-01T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"'],
  ['2026-01-01T00:00:00Zx', 'parsing time "2026-01-01T00:00:00Zx": extra text: "x"'],
] as [string, string][]) {
  test(`time "${text}" → ${want}`, () => {
    const result = normaliseTime(text, false)
    assert.equal('time' in result ? result.time : result.error, want)
  })
}
