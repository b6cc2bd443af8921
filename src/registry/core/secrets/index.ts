import type { Resource } from '#apiserver/registry/resource.ts'
import { defaultSecret } from '#api/core/v1/defaults/objects.ts'
import { secrets } from '#api/core/v1/resources.ts'
import type { Secret } from '#api/core/v1/types.gen.ts'
import { validateSecret, validateSecretUpdate } from '#api/core/v1/validation/secret.ts'
import { ageColumn, nameColumn } from '../../object-columns.ts'

export const secretsResource: Resource<Secret> = {
  info: secrets,
  strategy: { applyDefaults: defaultSecret, validateCreate: validateSecret, validateUpdate: validateSecretUpdate },
  columns: [
    nameColumn,
    { name: 'Type', type: 'string', priority: 0, description: 'What the keys mean to whom.', value: ({ type }) => type ?? '' },
    { name: 'Data', type: 'string', priority: 0, description: 'Number of keys.', value: ({ data }) => Object.keys(data ?? {}).length },
    ageColumn,
  ],
  // Annotations: of what was applied last, `kubectl apply` keeps a copy there.
  secretFields: ['data', 'metadata.annotations'],
  selectableFields: ({ type }) => ({ type: type ?? '' }),
}
