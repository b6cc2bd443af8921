import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import protobuf from 'protobufjs'
import { decodeJSON, encodeJSON } from '#apimachinery/codec/json.ts'
import { decodeProtobuf, encodeProtobuf } from '#apimachinery/codec/protobuf.ts'
import { schemas as meta } from '#apimachinery/meta/v1/schema.gen.ts'
import { type FieldSchema, type MessageSchema, SchemaRegistry } from '#apimachinery/schema/schema.ts'
import { deepCopy, type JSONObject } from '#apimachinery/value/json-value.ts'
import { schemas as core } from '#api/core/v1/schema.gen.ts'
import { type Random, SeededRandom } from '#base/random.ts'
import { unpackDebianPackage } from './debian-package.ts'

const registry = new SchemaRegistry(meta, core)
const kinds = ['Pod', 'Node', 'Service', 'PersistentVolume', 'Secret', 'ConfigMap', 'Event', 'PodList', 'ReplicationController']
const runs = 20

/** The official `.proto` files, or undefined where they cannot be had. */
function officialTypes(): protobuf.Root | undefined {
  let roots: string[]
  try {
    const packages = ['golang-k8s-api-dev', 'golang-k8s-apimachinery-dev'].map(unpackDebianPackage)
    roots = packages.map(folder => join(folder, 'usr/share/gocode/src/k8s.io'))
  } catch {
    return undefined
  }
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) =>
    roots.map(folder => join(folder, target.replace(/^k8s\.io\//, ''))).find(file => existsSync(file)) ?? target
  root.loadSync('k8s.io/api/core/v1/generated.proto', { keepCase: true })
  root.resolveAll()
  return root
}

const official = officialTypes()
const skip = official === undefined ? 'the official protobuf files cannot be downloaded' : false

for (const kind of kinds) {
  const schema = registry.get(`io.k8s.api.core.v1.${kind}`)!
  const options = { schema, registry, apiVersion: 'v1', kind }

  test(`protobuf: a random ${kind} is what the official types say, byte for byte`, { skip }, () => {
    const type = official!.lookupType(`k8s.io.api.core.v1.${kind}`)
    const unknown = official!.lookupType('k8s.io.apimachinery.pkg.runtime.Unknown')
    for (let seed = 0; seed < runs; seed++) {
      const bytes = encodeProtobuf(randomObject(kind, schema, seed), options)
      const raw = (unknown.decode(bytes.subarray(4)) as unknown as { raw: Uint8Array }).raw
      assert.ok(Buffer.from(type.encode(type.decode(raw)).finish()).equals(raw), `seed ${seed}`)
    }
  })

  test(`protobuf: a random ${kind} survives, and means the same as its JSON`, () => {
    for (let seed = 0; seed < runs; seed++) {
      const object = randomObject(kind, schema, seed)
      const fromJSON = decodeJSON(encodeJSON(object), { ...options, mode: 'Strict' }).object
      const bytes = encodeProtobuf(deepCopy(object), options)
      const fromProtobuf = decodeProtobuf(bytes, options)
      assert.deepEqual(fromProtobuf, fromJSON, `seed ${seed}`)
      assert.ok(encodeProtobuf(fromJSON as never, options).equals(bytes), `seed ${seed}`)
    }
  })
}

function randomObject(kind: string, schema: MessageSchema, seed: number): { apiVersion: string; kind: string } {
  return { apiVersion: 'v1', kind, ...randomMessage(schema, new SeededRandom(seed), 0) }
}

function randomMessage(schema: MessageSchema, random: Random, depth: number): JSONObject {
  const object: JSONObject = {}
  for (const [name, field] of Object.entries(schema.fields)) {
    if (random.next() < 0.6 + depth * 0.05) continue
    if (field.shape === 'list') object[name] = Array.from({ length: 2 }, () => randomValue(field, random, depth))
    else if (field.shape === 'map') {
      object[name] = Object.fromEntries(['a', 'b/ü'].map(key => [key, field.wrapped ? ['x', ''] : randomValue(field, random, depth)]))
    } else object[name] = randomValue(field, random, depth)
  }
  return object
}

function pick<T>(values: readonly T[], random: Random): T {
  return values[Math.floor(random.next() * values.length)]!
}

function randomValue(field: FieldSchema, random: Random, depth: number): unknown {
  const message = registry.get(field.type)
  if (message !== undefined) return randomMessage(message, random, depth + 1)
  switch (field.type) {
    case 'boolean':
      return random.next() < 0.5
    case 'int32':
      return pick([0, 1, -1, 300, 2 ** 31 - 1, -(2 ** 31)], random)
    case 'int64':
      return pick([0, 5, -7, 2 ** 40, -(2 ** 40)], random)
    case 'double':
      return pick([0, 1.5, -2.25], random)
    case 'bytes':
      return pick(['', 'aGk=', '/+8='], random)
    case 'quantity':
      return pick(['0', '1', '100m', '1536Mi', '1e3', '5n'], random)
    case 'int-or-string':
      return pick([0, 8080, 'http', '50%', ''], random)
    case 'time':
      return pick(['2026-01-02T03:04:05Z', '1969-12-31T23:59:59Z'], random)
    case 'micro-time':
      return pick(['2026-01-02T03:04:05.000000Z', '2026-01-02T03:04:05.678901Z'], random)
    case 'duration':
      return pick(['0s', '1m30s', '-5ms'], random)
    case 'any':
      return { a: [1, 'x'] }
    case 'fields-v1':
      return { 'f:spec': {} }
    default:
      return pick(['', 'x', 'text with ü and 😀', 'a'.repeat(200)], random)
  }
}
