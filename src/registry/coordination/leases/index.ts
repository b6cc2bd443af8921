import type { Resource } from '#apiserver/registry/resource.ts'
import { leases } from '#api/coordination/v1/resources.ts'
import type { Lease } from '#api/coordination/v1/types.gen.ts'
import { validateLease, validateLeaseUpdate } from '#api/coordination/v1/validation/lease.ts'
import { ageColumn, nameColumn } from '../../object-columns.ts'

export const leasesResource: Resource<Lease> = {
  info: leases,
  strategy: {
    applyDefaults(lease) {
      lease.spec ??= {}
    },
    validateCreate: validateLease,
    validateUpdate: validateLeaseUpdate,
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
  },
  columns: [
    nameColumn,
    {
      name: 'Holder',
      type: 'string',
      priority: 0,
      description: 'Who holds the lease now.',
      value: ({ spec }) => spec?.holderIdentity ?? '',
    },
    ageColumn,
  ],
}
