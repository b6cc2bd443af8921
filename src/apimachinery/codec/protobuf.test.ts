import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { schemas as meta } from '../meta/v1/schema.gen.ts'
import { SchemaRegistry } from '../schema/schema.ts'
import { isBadRequest } from '../status/status.ts'
import { decodeProtobuf, decodeWatchEvent, encodeProtobuf, encodeWatchFrame, protobufTypeOf } from './protobuf.ts'

const registry = new SchemaRegistry(meta)
const options = {
  schema: registry.get('io.k8s.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata')!,
  registry,
  apiVersion: 'meta.k8s.io/v1',
  kind: 'PartialObjectMetadata',
}
const object = {
  apiVersion: 'meta.k8s.io/v1',
  kind: 'PartialObjectMetadata',
  metadata: {
    name: 'web',
    generation: 3,
    creationTimestamp: '2026-01-02T03:04:05Z',
    labels: { a: 'b', c: '' },
    managedFields: [{ manager: 'm', operation: 'Update', fieldsV1: { 'f:spec': { 'k:{"name":"x"}': {} } } }],
  },
}

test('protobuf: an object survives, with its type outside', () => {
  const bytes = encodeProtobuf(object, options)
  assert.equal(bytes.subarray(0, 4).toString('latin1'), 'k8s\0')
  assert.deepEqual(protobufTypeOf(bytes), { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' })
  assert.deepEqual(decodeProtobuf(bytes, options), object)
})

test('protobuf: bytes of another form or type are refused', () => {
  assert.equal(protobufTypeOf(Buffer.from('{}')), undefined)
  assert.throws(() => decodeProtobuf(Buffer.from('hello'), options), {
    code: 400,
    message:
      'the object provided is unrecognized (must be of type PartialObjectMetadata): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (68656c6c6f)',
  })
  const other = encodeProtobuf({ ...object, kind: 'Pod' }, options)
  assert.throws(() => decodeProtobuf(other, options), /Pod in version "v1" cannot be handled as a PartialObjectMetadata/)
})

test('protobuf: cut and scrambled bytes give an object or BadRequest', () => {
  const bytes = encodeProtobuf(object, options)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
      const damaged = Buffer.from(cut ? bytes.subarray(0, at) : bytes)
      if (!cut) damaged[at] = value
      try {
        decodeProtobuf(damaged, options)
      } catch (error) {
        assert.ok(isBadRequest(error), String(error))
      }
    }),
  )
})

test('protobuf: nesting without end is refused', () => {
  let bytes = Buffer.alloc(0)
  for (let depth = 0; depth < 1000; depth++) bytes = Buffer.concat([Buffer.from([0x0a, ...lengthOf(bytes)]), bytes])
  const status = { ...options, schema: { name: 'loop', fields: { loop: { number: 1, type: 'loop' } } } }
  const loops = new SchemaRegistry({ loop: { fields: status.schema.fields } })
  const body = Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x12, ...lengthOf(bytes)]), bytes])
  assert.throws(() => decodeProtobuf(body, { ...status, registry: loops }), isBadRequest)
})

function lengthOf(bytes: Buffer): number[] {
  return bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7]
}

test('protobuf: a watch frame holds type and object', () => {
  const bytes = encodeProtobuf(object, options)
  const frame = encodeWatchFrame('ADDED', bytes)
  assert.equal(frame.readUInt32BE(0), frame.length - 4)
  const event = decodeWatchEvent(frame.subarray(4))
  assert.equal(event.type, 'ADDED')
  assert.ok(bytes.equals(event.object))
})
