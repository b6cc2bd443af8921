import type { Resource, Strategy } from '#apiserver/registry/resource.ts'
import { defaultNamespace } from '#api/core/v1/defaults/objects.ts'
import { namespaces } from '#api/core/v1/resources.ts'
import type { Namespace } from '#api/core/v1/types.gen.ts'
import {
  validateNamespace,
  validateNamespaceFinalize,
  validateNamespaceStatusUpdate,
  validateNamespaceUpdate,
} from '#api/core/v1/validation/namespace.ts'
import { ageColumn, nameColumn } from '../../object-columns.ts'

/** Stands in `spec.finalizers` until the namespace controller has emptied the namespace. */
const kubernetesFinalizer = 'kubernetes'

const strategy: Strategy<Namespace> = {
  applyDefaults: defaultNamespace,
  prepareForCreate(namespace) {
    defaultNamespace(namespace)
    namespace.status = { phase: 'Active' }
    const finalizers = namespace.spec.finalizers ?? []
    if (!finalizers.includes(kubernetesFinalizer)) namespace.spec.finalizers = [...finalizers, kubernetesFinalizer]
  },
  validateCreate: validateNamespace,
  prepareForUpdate(namespace, old) {
    keepFinalizers(namespace, old)
    keepStatus(namespace, old)
  },
  validateUpdate: validateNamespaceUpdate,
  prepareForDelete(namespace) {
    namespace.status = { ...namespace.status, phase: 'Terminating' }
  },
  hasFinalizers: ({ metadata, spec }) => (metadata.finalizers ?? []).length + (spec.finalizers ?? []).length > 0,
  resetFields: [['status']],
}

function keepFinalizers(namespace: Namespace, old: Namespace): void {
  if (old.spec.finalizers === undefined) delete namespace.spec.finalizers
  else namespace.spec.finalizers = old.spec.finalizers
}

function keepStatus(namespace: Namespace, old: Namespace): void {
  if (old.status === undefined) delete namespace.status
  else namespace.status = old.status
}

const statusStrategy: Strategy<Namespace> = {
  ...strategy,
  prepareForUpdate(namespace, old) {
    namespace.spec = old.spec
  },
  validateUpdate: validateNamespaceStatusUpdate,
  resetFields: [['spec']],
}

/** The only way to take finalizers from `spec`: what the namespace controller does last. */
const finalizeStrategy: Strategy<Namespace> = {
  ...strategy,
  prepareForUpdate: keepStatus,
  validateUpdate: validateNamespaceFinalize,
  resetFields: [['status']],
}

export const namespacesResource: Resource<Namespace> = {
  info: namespaces,
  strategy,
  // Many at once are not deleted in one request: each has its contents to lose first.
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  columns: [
    nameColumn,
    {
      name: 'Status',
      type: 'string',
      priority: 0,
      description: 'Active, or Terminating while its contents are being deleted.',
      value: ({ status }) => status?.phase ?? '',
    },
    ageColumn,
  ],
  selectableFields: ({ metadata, status }) => ({ 'status.phase': status?.phase ?? '', name: metadata?.name ?? '' }),
  subresources: {
    status: { type: 'update', strategy: statusStrategy },
    finalize: { type: 'update', strategy: finalizeStrategy },
  },
}
