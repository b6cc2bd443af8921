import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { SchemaRegistry } from '#apimachinery/schema/schema.ts'
import { newUnsupportedMediaType } from '#apimachinery/status/status.ts'
import type { Call } from './call.ts'
import type { FieldTracking } from './field-tracking.ts'

/** Field tracking by the field manager. */
export class ManagedFieldTracking implements FieldTracking {
  constructor(_schemas: SchemaRegistry) {}

  update(_call: Call, _live: KubeObject | undefined, _object: KubeObject): void {}

  apply(_call: Call, _live: KubeObject | undefined, _configuration: KubeObject, _force: boolean): KubeObject {
    throw newUnsupportedMediaType('server-side apply')
  }
}
