import { validateLabelSelector } from '#api/core/v1/validation/label-selector.ts'
import { type FieldError, type FieldPath, invalid, notSupported, path, required } from '#apimachinery/validation/field-error.ts'
import { nameIsDNSSubdomain, nameIsPathSegment, validateObjectMeta, validateObjectMetaUpdate } from '#apimachinery/validation/names.ts'
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject } from './types.gen.ts'

const apiGroup = 'rbac.authorization.k8s.io'

/** What is wrong with a role of a namespace. Behaviour and words: validation of `rbac.authorization.k8s.io/v1`. */
export function validateRole(role: Role): FieldError[] {
  return [...validateObjectMeta(role.metadata, { namespaced: true, nameFn: nameIsPathSegment }), ...validateRules(role.rules, true)]
}

export function validateRoleUpdate(role: Role, old: Role): FieldError[] {
  return [...validateRole(role), ...validateObjectMetaUpdate(role.metadata, old.metadata)]
}

export function validateClusterRole(role: ClusterRole): FieldError[] {
  return [
    ...validateObjectMeta(role.metadata, { namespaced: false, nameFn: nameIsPathSegment }),
    ...validateRules(role.rules, false),
    ...validateAggregation(role),
  ]
}

export function validateClusterRoleUpdate(role: ClusterRole, old: ClusterRole): FieldError[] {
  return [...validateClusterRole(role), ...validateObjectMetaUpdate(role.metadata, old.metadata)]
}

function validateAggregation({ aggregationRule }: ClusterRole): FieldError[] {
  if (aggregationRule === undefined) return []
  const at = path('aggregationRule', 'clusterRoleSelectors')
  const selectors = aggregationRule.clusterRoleSelectors ?? []
  if (selectors.length === 0) return [required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil')]
  return selectors.flatMap((selector, index) => validateLabelSelector(selector, at.index(index)))
}

function validateRules(rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => validateRule(rule, namespaced, path('rules').index(index)))
}

function validateRule(rule: PolicyRule, namespaced: boolean, at: FieldPath): FieldError[] {
  // What a client sent may lack even what is required.
  const verbs = (rule.verbs as string[] | undefined) ?? []
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const errors: FieldError[] = []
  if (verbs.length === 0) errors.push(required(at.child('verbs'), 'verbs must contain at least one value'))
  if (nonResourceURLs.length > 0) {
    const field = at.child('nonResourceURLs')
    if (namespaced) errors.push(invalid(field, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'))
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      errors.push(invalid(field, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'))
    }
    return errors
  }
  if (apiGroups.length === 0) errors.push(required(at.child('apiGroups'), 'resource rules must supply at least one api group'))
  if (resources.length === 0) errors.push(required(at.child('resources'), 'resource rules must supply at least one resource'))
  return errors
}

export function validateRoleBinding(binding: RoleBinding): FieldError[] {
  return [
    ...validateObjectMeta(binding.metadata, { namespaced: true, nameFn: nameIsPathSegment }),
    ...validateRoleRef(binding.roleRef, ['Role', 'ClusterRole']),
    ...validateSubjects(binding.subjects, true),
  ]
}

export function validateRoleBindingUpdate(binding: RoleBinding, old: RoleBinding): FieldError[] {
  return [...validateRoleBinding(binding), ...validateObjectMetaUpdate(binding.metadata, old.metadata), ...sameRoleRef(binding, old)]
}

export function validateClusterRoleBinding(binding: ClusterRoleBinding): FieldError[] {
  return [
    ...validateObjectMeta(binding.metadata, { namespaced: false, nameFn: nameIsPathSegment }),
    ...validateRoleRef(binding.roleRef, ['ClusterRole']),
    ...validateSubjects(binding.subjects, false),
  ]
}

export function validateClusterRoleBindingUpdate(binding: ClusterRoleBinding, old: ClusterRoleBinding): FieldError[] {
  return [...validateClusterRoleBinding(binding), ...validateObjectMetaUpdate(binding.metadata, old.metadata), ...sameRoleRef(binding, old)]
}

function sameRoleRef({ roleRef }: { roleRef: RoleRef }, old: { roleRef: RoleRef }): FieldError[] {
  const isSame = roleRef.apiGroup === old.roleRef.apiGroup && roleRef.kind === old.roleRef.kind && roleRef.name === old.roleRef.name
  if (isSame) return []
  // Shown with the names of the server's own type, as upstream does.
  return [invalid('roleRef', { APIGroup: roleRef.apiGroup, Kind: roleRef.kind, Name: roleRef.name }, 'cannot change roleRef')]
}

function validateRoleRef(roleRef: RoleRef | undefined, kinds: readonly string[]): FieldError[] {
  const errors: FieldError[] = []
  const at = path('roleRef')
  if (roleRef?.apiGroup !== apiGroup) errors.push(notSupported(at.child('apiGroup'), roleRef?.apiGroup ?? '', [apiGroup]))
  if (!kinds.includes(roleRef?.kind ?? '')) errors.push(notSupported(at.child('kind'), roleRef?.kind ?? '', [...kinds].sort()))
  if (!roleRef?.name) errors.push(required(at.child('name')))
  else for (const message of nameIsPathSegment(roleRef.name, false)) errors.push(invalid(at.child('name'), roleRef.name, message))
  return errors
}

function validateSubjects(subjects: readonly Subject[] | undefined, namespaced: boolean): FieldError[] {
  return (subjects ?? []).flatMap((subject, index) => validateSubject(subject, namespaced, path('subjects').index(index)))
}

function validateSubject(subject: Subject, namespaced: boolean, at: FieldPath): FieldError[] {
  const { kind, name, apiGroup: group = '', namespace } = subject
  const errors: FieldError[] = []
  if (!name) errors.push(required(at.child('name')))
  switch (kind) {
    case 'ServiceAccount':
      if (name) for (const message of nameIsDNSSubdomain(name, false)) errors.push(invalid(at.child('name'), name, message))
      if (group !== '') errors.push(notSupported(at.child('apiGroup'), group, ['']))
      if (!namespaced && !namespace) errors.push(required(at.child('namespace')))
      break
    case 'User':
    case 'Group':
      if (group !== apiGroup) errors.push(notSupported(at.child('apiGroup'), group, [apiGroup]))
      break
    default:
      errors.push(notSupported(at.child('kind'), kind ?? '', ['Group', 'ServiceAccount', 'User']))
  }
  return errors
}
