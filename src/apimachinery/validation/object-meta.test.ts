import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObjectMeta } from '../meta/v1/types.gen.ts'
import { errorText } from './field-error.ts'
import { nameIsDNSSubdomain } from './formats.ts'
import { validateObjectMeta, validateObjectMetaUpdate } from './object-meta.ts'

const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u' }

for (const { name, meta, namespaced = true, want } of [
  { name: 'fine', meta: { name: 'a', namespace: 'n', labels: { a: 'b' }, annotations: { 'Example.com/A': 'x' } }, want: [] },
  { name: 'no name', meta: { name: '', namespace: 'n' }, want: ['metadata.name: Required value: name or generateName is required'] },
  { name: 'no namespace', meta: { name: 'a' }, want: ['metadata.namespace: Required value'] },
  {
    name: 'a namespace too many',
    meta: { name: 'a', namespace: 'n' },
    namespaced: false,
    want: ['metadata.namespace: Forbidden: not allowed on this type'],
  },
  {
    name: 'two controllers',
    meta: {
      name: 'a',
      namespace: 'n',
      ownerReferences: [
        { ...owner, controller: true },
        { ...owner, name: 's', controller: true },
      ],
    },
    want: [
      `metadata.ownerReferences: Invalid value: ${JSON.stringify([
        { ...owner, controller: true },
        { ...owner, name: 's', controller: true },
      ])}: Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/r and ReplicaSet/s`,
    ],
  },
  {
    name: 'an owner without uid',
    meta: { name: 'a', namespace: 'n', ownerReferences: [{ ...owner, uid: '' }] },
    want: ['metadata.ownerReferences.uid: Invalid value: "": must not be empty'],
  },
  {
    name: 'two finalizers that exclude each other',
    meta: { name: 'a', namespace: 'n', finalizers: ['orphan', 'foregroundDeletion'] },
    want: [
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ],
  },
  {
    name: 'annotations too large',
    meta: { name: 'a', namespace: 'n', annotations: { a: 'x'.repeat(262144) } },
    want: ['metadata.annotations: Too long: may not be more than 262144 bytes'],
  },
] as { name: string; meta: ObjectMeta; namespaced?: boolean; want: string[] }[]) {
  test(`metadata: ${name}`, () => {
    assert.deepEqual(validateObjectMeta(meta, { namespaced, nameFn: nameIsDNSSubdomain }).map(errorText), want)
  })
}

const old: ObjectMeta = {
  name: 'a',
  namespace: 'n',
  uid: 'u',
  resourceVersion: '1',
  generation: 2,
  creationTimestamp: '2026-01-01T00:00:00Z',
}

for (const { name, meta, before = old, want } of [
  { name: 'fine', meta: old, want: [] },
  {
    name: 'no resourceVersion',
    meta: { ...old, resourceVersion: '' },
    want: ['metadata.resourceVersion: Invalid value: "": must be specified for an update'],
  },
  { name: 'another uid', meta: { ...old, uid: 'v' }, want: ['metadata.uid: Invalid value: "v": field is immutable'] },
  {
    name: 'an older generation',
    meta: { ...old, generation: 1 },
    want: ['metadata.generation: Invalid value: 1: must not be decremented'],
  },
  {
    name: 'a new finalizer on a deleted object',
    meta: { ...old, deletionTimestamp: 't', finalizers: ['a', 'b'] },
    before: { ...old, deletionTimestamp: 't', finalizers: ['a'] },
    want: [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"b"}',
    ],
  },
] as { name: string; meta: ObjectMeta; before?: ObjectMeta; want: string[] }[]) {
  test(`metadata update: ${name}`, () => assert.deepEqual(validateObjectMetaUpdate(meta, before).map(errorText), want))
}
