import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeJSON, encodeJSON } from '#apimachinery/codec/json.ts'
import { schemas as meta } from '#apimachinery/meta/v1/schema.gen.ts'
import { SchemaRegistry } from '#apimachinery/schema/schema.ts'
import { schemas as core } from './schema.gen.ts'

const registry = new SchemaRegistry(meta, core)
const options = { schema: registry.get('io.k8s.api.core.v1.Pod'), registry, mode: 'Strict', apiVersion: 'v1', kind: 'Pod' } as const
const bytes = readFileSync(join(import.meta.dirname, 'testdata/pod.json'))

test('a Pod as the server stores it: JSON decodes and encodes to the same bytes', () => {
  const { object } = decodeJSON(bytes, options)
  assert.equal(encodeJSON(object).toString(), bytes.toString())
})
