import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { Call } from './call.ts'

/** Keeps `metadata.managedFields`: who set which field. */
export interface FieldTracking {
  /** Notes in `object` what the call's manager changed since `live` (undefined: everything is new). */
  update(call: Call, live: KubeObject | undefined, object: KubeObject): void
  /**
   * The object that results when the call's manager applies `configuration` to `live` (undefined: there is none yet).
   * @throws StatusError Conflict when others own fields with other values, unless `force`
   */
  apply(call: Call, live: KubeObject | undefined, configuration: KubeObject, force: boolean): KubeObject
}
