import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { errorText } from '#apimachinery/validation/field-error.ts'
import type { Resource } from '#apiserver/registry/resource.ts'
import { testContext } from '#apiserver/testing/object-stores.ts'
import { clusterRoleBindingsResource, clusterRolesResource, roleBindingsResource, rolesResource } from './index.ts'

const meta = { namespace: 'default', name: 'x' }
const cluster = { name: 'x' }
const roleRef = { kind: 'ClusterRole', name: 'view' }

const cases: { name: string; resource: Resource<never>; object: object; want: string[] }[] = [
  {
    name: 'any name that fits a path',
    resource: rolesResource as never,
    object: { metadata: { ...meta, name: 'System:x Y' }, rules: [] },
    want: [],
  },
  {
    name: 'a slash in the name',
    resource: rolesResource as never,
    object: { metadata: { ...meta, name: 'a/b' } },
    want: [`metadata.name: Invalid value: "a/b": may not contain '/'`],
  },
  {
    name: 'rules of both kinds',
    resource: clusterRolesResource as never,
    object: { metadata: cluster, rules: [{ verbs: ['get'], apiGroups: [''], nonResourceURLs: ['/x'] }] },
    want: [`rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs`],
  },
  {
    name: 'aggregation of nothing',
    resource: clusterRolesResource as never,
    object: { metadata: cluster, aggregationRule: {} },
    want: ['aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil'],
  },
  {
    name: 'groups by default',
    resource: roleBindingsResource as never,
    object: {
      metadata: meta,
      roleRef: { ...roleRef },
      subjects: [
        { kind: 'User', name: 'u' },
        { kind: 'ServiceAccount', name: 's' },
      ],
    },
    want: [],
  },
  {
    name: 'bad subjects',
    resource: clusterRoleBindingsResource as never,
    object: {
      metadata: cluster,
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'Robot', name: 'u' },
        { kind: 'ServiceAccount', name: 'S' },
      ],
    },
    want: [
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
      'subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
      `subjects[1].name: Invalid value: "S": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      'subjects[1].namespace: Required value',
    ],
  },
]
for (const { name, resource, object, want } of cases) {
  test(`RBAC objects: ${name}`, () => {
    resource.strategy.applyDefaults?.(object as never)
    assert.deepEqual(resource.strategy.validateCreate(object as never, testContext()).map(errorText), want)
  })
}

test('RBAC objects: the role of a binding stays', () => {
  const old = { metadata: { ...meta, resourceVersion: '1' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...roleRef } }
  const changed = { ...old, roleRef: { ...old.roleRef, name: 'edit' } }
  const errors = roleBindingsResource.strategy.validateUpdate(changed as never, old as never, testContext())
  assert.deepEqual(errors.map(errorText), [
    'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"edit"}: cannot change roleRef',
  ])
})

test('RBAC objects: columns', () => {
  const binding = {
    metadata: { ...meta, creationTimestamp: '2026-01-01T00:00:00Z' },
    roleRef,
    subjects: [
      { kind: 'User', name: 'a' },
      { kind: 'User', name: 'b' },
      { kind: 'ServiceAccount', name: 's', namespace: 'n' },
    ],
  } as unknown as KubeObject
  const row = roleBindingsResource.columns.map(column => [column.name, column.value(binding as never, Date.UTC(2026, 0, 2))])
  assert.deepEqual(row, [
    ['Name', 'x'],
    ['Role', 'ClusterRole/view'],
    ['Age', '24h'],
    ['Users', 'a, b'],
    ['Groups', ''],
    ['ServiceAccounts', 'n/s'],
  ])
})
