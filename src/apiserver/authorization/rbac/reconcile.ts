import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { isAlreadyExists } from '#apimachinery/status/status.ts'
import type { ClusterRole, Role, RoleBinding, Subject } from '#api/rbac/v1/types.gen.ts'
import type { RequestContext } from '../../registry/resource.ts'
import { bootstrapPolicy } from './bootstrap-policy.ts'
import { autoUpdateAnnotation } from './policy-notation.ts'
import { missingRules } from './policy-rules.ts'
import { rbacGroup } from './rule-resolver.ts'

/**
 * Makes the roles and bindings that every cluster has, and gives back what was taken from them; what was added stays. Objects annotated
 * `rbac.authorization.kubernetes.io/autoupdate: "false"` are left alone.
 * @param context of the server itself; its resource, namespace and name are set per object
 */
export async function reconcileBootstrapPolicy(context: RequestContext): Promise<void> {
  const policy = bootstrapPolicy()
  await Promise.all([
    ...policy.clusterRoles.map(role => reconcile('clusterroles', role, mergeRole, context)),
    ...policy.roles.map(role => reconcile('roles', role, mergeRole, context)),
    ...policy.clusterRoleBindings.map(binding => reconcile('clusterrolebindings', binding, mergeBinding, context)),
    ...policy.roleBindings.map(binding => reconcile('rolebindings', binding, mergeBinding, context)),
  ])
}

type Merge<T> = (existing: T, expected: T) => T | 'replace'

async function reconcile<T extends KubeObject>(resource: string, expected: T, merge: Merge<T>, base: RequestContext): Promise<void> {
  const { namespace, name } = expected.metadata
  const context: RequestContext = { ...base, resource: { group: rbacGroup, version: 'v1', resource }, namespace, name }
  const store = base.stores.of<T>(context.resource)
  const existing = store.peek(namespace, name)
  if (existing === undefined) {
    try {
      await store.create(expected, { ...context, verb: 'create' })
    } catch (error) {
      // Another server of the same cluster was faster.
      if (!isAlreadyExists(error)) throw error
    }
    return
  }
  if (existing.metadata.annotations?.[autoUpdateAnnotation] === 'false') return
  const merged = merge(existing, expected)
  if (merged === 'replace') {
    await store.delete(namespace, name, {}, { ...context, verb: 'delete' })
    await store.create(expected, { ...context, verb: 'create' })
  } else if (!isDeepStrictEqual(merged, existing)) {
    const change = (shared: T) => {
      const again = merge(shared, expected)
      return again === 'replace' ? shared : again
    }
    await store.update(namespace, name, change, { ...context, verb: 'update' })
  }
}

function mergeRole(existing: Role | ClusterRole, expected: Role | ClusterRole): Role | ClusterRole {
  // The rules of an aggregated role belong to its controller.
  const isAggregated = 'aggregationRule' in existing && existing.aggregationRule !== undefined
  const missing = isAggregated ? [] : missingRules(existing.rules ?? [], expected.rules ?? [])
  return {
    ...existing,
    metadata: mergeMetadata(existing, expected),
    ...(missing.length === 0 ? {} : { rules: [...(existing.rules ?? []), ...missing] }),
  }
}

function mergeBinding(existing: RoleBinding, expected: RoleBinding): RoleBinding | 'replace' {
  // A binding's role cannot be changed.
  if (!isDeepStrictEqual(existing.roleRef, expected.roleRef)) return 'replace'
  const subjects = existing.subjects ?? []
  const isKnown = (subject: Subject) => subjects.some(other => isDeepStrictEqual(other, subject))
  const missing = (expected.subjects ?? []).filter(subject => !isKnown(subject))
  return {
    ...existing,
    metadata: mergeMetadata(existing, expected),
    ...(missing.length === 0 ? {} : { subjects: [...subjects, ...missing] }),
  }
}

function mergeMetadata(existing: KubeObject, expected: KubeObject): KubeObject['metadata'] {
  return {
    ...existing.metadata,
    labels: { ...expected.metadata.labels, ...existing.metadata.labels },
    annotations: { ...expected.metadata.annotations, ...existing.metadata.annotations },
  }
}
