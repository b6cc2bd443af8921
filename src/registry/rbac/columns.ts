import type { ClusterRoleBinding, RoleBinding, Subject } from '#api/rbac/v1/types.gen.ts'
import type { Column } from '#apiserver/registry/resource.ts'
import { ageColumn, nameColumn } from '../object-columns.ts'

export const roleColumns: readonly Column[] = [
  nameColumn,
  {
    name: 'Created At',
    type: 'date',
    priority: 0,
    description: 'When the object was created.',
    value: ({ metadata }) => metadata.creationTimestamp ?? '<unknown>',
  },
]

function subjectColumn(
  name: string,
  description: string,
  kind: string,
  textOf: (subject: Subject) => string,
): Column<RoleBinding | ClusterRoleBinding> {
  return {
    name,
    type: 'string',
    priority: 1,
    description,
    value: ({ subjects = [] }) =>
      subjects
        .filter(subject => subject.kind === kind)
        .map(textOf)
        .join(', '),
  }
}

export const bindingColumns: readonly Column<RoleBinding | ClusterRoleBinding>[] = [
  nameColumn,
  {
    name: 'Role',
    type: 'string',
    priority: 0,
    description: 'The role that is given.',
    value: ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`,
  },
  ageColumn,
  subjectColumn('Users', 'Users that get the role.', 'User', subject => subject.name),
  subjectColumn('Groups', 'Groups that get the role.', 'Group', subject => subject.name),
  subjectColumn('ServiceAccounts', 'Service accounts that get the role.', 'ServiceAccount', ({ name, namespace = '' }) =>
    namespace === '' ? name : `${namespace}/${name}`,
  ),
]
