import { FieldManager } from '#apimachinery/managedfields/field-manager.ts'
import { decodeValue } from '#apimachinery/codec/json.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { ManagedFieldsEntry } from '#apimachinery/meta/v1/types.gen.ts'
import type { SchemaRegistry } from '#apimachinery/schema/schema.ts'
import { deepCopy } from '#apimachinery/value/json-value.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import type { Strategy } from '../registry/resource.ts'
import type { Route } from '../routes.ts'
import type { Call } from './call.ts'
import type { FieldTracking } from './field-tracking.ts'

/** Field tracking by one field manager for each endpoint. */
export class ManagedFieldTracking implements FieldTracking {
  readonly #schemas: SchemaRegistry
  readonly #managers = new WeakMap<Route, Map<string, FieldManager>>()

  constructor(schemas: SchemaRegistry) {
    this.#schemas = schemas
  }

  update(call: Call, live: KubeObject | undefined, object: KubeObject): void {
    const { route } = call
    const manager = this.#managerFor(call)
    const time = formatTime(call.clock.now())
    if (route.isStoredVersion) {
      manager.update(live, object, call.fieldManager, time)
      return
    }
    const shown = route.fromStorage(deepCopy(object))
    manager.update(live && route.fromStorage(live), shown, call.fieldManager, time)
    if (shown.metadata.managedFields === undefined) delete object.metadata.managedFields
    else object.metadata.managedFields = shown.metadata.managedFields
  }

  apply(call: Call, live: KubeObject | undefined, configuration: KubeObject, force: boolean): KubeObject {
    const { route } = call
    const options = { force, time: formatTime(call.clock.now()) }
    const applied = configuration as unknown as Record<string, unknown>
    const merged = this.#managerFor(call).apply(live && route.fromStorage(live), applied, call.fieldManager, options)
    // They are made here or were checked before: no copy, and nothing to decode.
    const metadata = merged.object['metadata'] as { managedFields?: ManagedFieldsEntry[] | undefined }
    const { managedFields } = metadata
    metadata.managedFields = undefined
    const { object } = decodeValue<KubeObject>(deepCopy(merged.object), {
      schema: route.schema,
      registry: this.#schemas,
      mode: 'Ignore',
      apiVersion: route.apiVersion,
      kind: route.info.kind,
    })
    if (managedFields !== undefined) object.metadata.managedFields = managedFields
    return route.toStorage(object)
  }

  #managerFor({ route, subresource = '' }: Call): FieldManager {
    let managers = this.#managers.get(route)
    if (managers === undefined) this.#managers.set(route, (managers = new Map()))
    let manager = managers.get(subresource)
    if (manager === undefined) {
      const { apiVersion, info, schema } = route
      const { resetFields } = strategyOf(route, subresource)
      manager = new FieldManager({ schema, registry: this.#schemas, apiVersion, kind: info.kind, subresource, resetFields })
      managers.set(subresource, manager)
    }
    return manager
  }
}

function strategyOf({ resource }: Route, name: string): Strategy {
  const subresource = resource.subresources?.[name]
  return subresource?.type === 'update' ? (subresource.strategy as unknown as Strategy) : resource.strategy
}
