import type { ClusterRoleBinding, RoleBinding } from './types.gen.ts'

const apiGroup = 'rbac.authorization.k8s.io'

/** The API groups of role and subjects need not be said. */
export function applyBindingDefaults(binding: RoleBinding | ClusterRoleBinding): void {
  if (binding.roleRef !== undefined) binding.roleRef.apiGroup ||= apiGroup
  for (const subject of binding.subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = apiGroup
  }
}
