import type { Resource } from '#apiserver/registry/resource.ts'
import { configMaps } from '#api/core/v1/resources.ts'
import type { ConfigMap } from '#api/core/v1/types.gen.ts'
import { validateConfigMap, validateConfigMapUpdate } from '#api/core/v1/validation/config-map.ts'
import { ageColumn, nameColumn } from '../../object-columns.ts'

export const configMapsResource: Resource<ConfigMap> = {
  info: configMaps,
  strategy: { validateCreate: validateConfigMap, validateUpdate: validateConfigMapUpdate },
  columns: [
    nameColumn,
    {
      name: 'Data',
      type: 'string',
      priority: 0,
      description: 'Number of keys, text and binary.',
      value: ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    },
    ageColumn,
  ],
}
