import { newForbidden, type StatusError } from '#apimachinery/status/status.ts'
import type { AdmissionRequest } from '../registry/resource.ts'

/** The refusal of an admission plugin: `pods "web" is forbidden: …`. */
export function admissionForbidden({ object, context }: AdmissionRequest, cause: string): StatusError {
  const name = context.name || object?.metadata?.name || object?.metadata?.generateName || 'Unknown'
  return newForbidden(context.resource, name, cause)
}
