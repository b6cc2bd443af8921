import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from '#api/rbac/v1/types.gen.ts'

/** A short notation for the policy that a cluster starts with: lists are words, sorted as upstream's stored objects are. */

const apiGroup = 'rbac.authorization.k8s.io'
const apiVersion = `${apiGroup}/v1`
const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }
/** `false` keeps the reconciliation at start away from an object. */
export const autoUpdateAnnotation = 'rbac.authorization.kubernetes.io/autoupdate'

export const read = 'get list watch'
export const readUpdate = 'get list watch update patch'
export const write = 'create update patch delete deletecollection'
export const readWrite = `${read} ${write}`

const words = (text: string): string[] => text.split(' ').sort()

/** @param names of objects, when the rule is for some only */
export function rule(verbs: string, apiGroups: string, resources: string, names?: string): PolicyRule {
  return {
    apiGroups: words(apiGroups),
    ...(names === undefined ? {} : { resourceNames: words(names) }),
    resources: words(resources),
    verbs: words(verbs),
  }
}

export function urls(verbs: string, paths: string): PolicyRule {
  return { nonResourceURLs: words(paths), verbs: words(verbs) }
}

/** Everybody may write events. */
export const eventsRule: PolicyRule = { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] }

/**
 * @param aggregation `aggregates`: its rules are those of all roles with this label; `aggregateTo`: it has the label itself
 */
export function bootstrapClusterRole(
  name: string,
  rules: readonly PolicyRule[],
  aggregation: { aggregates?: string; aggregateTo?: string } = {},
): ClusterRole {
  const label = (target: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${target}`]: 'true' })
  const { aggregates, aggregateTo } = aggregation
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata: {
      name,
      labels: { ...labels, ...(aggregateTo === undefined ? {} : label(aggregateTo)) },
      annotations: { [autoUpdateAnnotation]: 'true' },
    },
    ...(aggregates === undefined ? {} : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: label(aggregates) }] } }),
    rules: [...rules],
  }
}

/** Binds a cluster role under its own name. */
export function binding(name: string, subjects: Subject[]): ClusterRoleBinding {
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels, annotations: { [autoUpdateAnnotation]: 'true' } },
    ...(subjects.length === 0 ? {} : { subjects }),
    roleRef: { apiGroup, kind: 'ClusterRole', name },
  }
}

/** A role in a namespace and its binding, of the same name unless another is given. */
export function roleBinding(
  namespace: string,
  name: string,
  rules: PolicyRule[],
  subjects: Subject[],
  bindingName = name,
): { role: Role; binding: RoleBinding } {
  const annotations = { [autoUpdateAnnotation]: 'true' }
  return {
    role: { apiVersion, kind: 'Role', metadata: { namespace, name, labels, annotations }, rules },
    binding: {
      apiVersion,
      kind: 'RoleBinding',
      metadata: { namespace, name: bindingName, labels, annotations },
      subjects,
      roleRef: { apiGroup, kind: 'Role', name },
    },
  }
}
