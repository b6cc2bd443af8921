import type { ResourceInfo } from '#apimachinery/resource/resource-info.ts'

const group = 'rbac.authorization.k8s.io'
const version = 'v1'

export const roles: ResourceInfo = {
  group,
  version,
  kind: 'Role',
  resource: 'roles',
  singular: 'role',
  namespaced: true,
  schema: 'io.k8s.api.rbac.v1.Role',
}

export const roleBindings: ResourceInfo = {
  group,
  version,
  kind: 'RoleBinding',
  resource: 'rolebindings',
  singular: 'rolebinding',
  namespaced: true,
  schema: 'io.k8s.api.rbac.v1.RoleBinding',
}

export const clusterRoles: ResourceInfo = {
  group,
  version,
  kind: 'ClusterRole',
  resource: 'clusterroles',
  singular: 'clusterrole',
  namespaced: false,
  schema: 'io.k8s.api.rbac.v1.ClusterRole',
}

export const clusterRoleBindings: ResourceInfo = {
  group,
  version,
  kind: 'ClusterRoleBinding',
  resource: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  namespaced: false,
  schema: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
}
