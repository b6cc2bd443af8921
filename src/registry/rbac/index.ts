import { applyBindingDefaults } from '#api/rbac/v1/defaults.ts'
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '#api/rbac/v1/resources.ts'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '#api/rbac/v1/types.gen.ts'
import {
  validateClusterRole,
  validateClusterRoleBinding,
  validateClusterRoleBindingUpdate,
  validateClusterRoleUpdate,
  validateRole,
  validateRoleBinding,
  validateRoleBindingUpdate,
  validateRoleUpdate,
} from '#api/rbac/v1/validation.ts'
import type { Resource } from '#apiserver/registry/resource.ts'
import { bindingColumns, roleColumns } from './columns.ts'

/** The admission plugin RBACEscalationCheck guards writes of all four. */
export const rolesResource: Resource<Role> = {
  info: roles,
  columns: roleColumns,
  strategy: { allowCreateOnUpdate: true, validateCreate: validateRole, validateUpdate: validateRoleUpdate },
}

export const clusterRolesResource: Resource<ClusterRole> = {
  info: clusterRoles,
  columns: roleColumns,
  strategy: { allowCreateOnUpdate: true, validateCreate: validateClusterRole, validateUpdate: validateClusterRoleUpdate },
}

export const roleBindingsResource: Resource<RoleBinding> = {
  info: roleBindings,
  columns: bindingColumns,
  strategy: {
    allowCreateOnUpdate: true,
    applyDefaults: applyBindingDefaults,
    validateCreate: validateRoleBinding,
    validateUpdate: validateRoleBindingUpdate,
  },
}

export const clusterRoleBindingsResource: Resource<ClusterRoleBinding> = {
  info: clusterRoleBindings,
  columns: bindingColumns,
  strategy: {
    allowCreateOnUpdate: true,
    applyDefaults: applyBindingDefaults,
    validateCreate: validateClusterRoleBinding,
    validateUpdate: validateClusterRoleBindingUpdate,
  },
}
