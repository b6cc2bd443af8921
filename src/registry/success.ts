import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { Status } from '#apimachinery/meta/v1/types.gen.ts'

/** The answer of an action that makes no object. */
export function success(code: number): KubeObject {
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code }
  // A Status is answered where an object is expected; its metadata is a list's.
  return status as unknown as KubeObject
}
