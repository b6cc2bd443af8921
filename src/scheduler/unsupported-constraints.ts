import type { PodSpec } from '#api/core/v1/types.gen.ts'

/** What the Pod asks of its placement and no plugin looks at yet, by field. It is placed all the same, and told so. */
export function unsupportedConstraints({ affinity, topologySpreadConstraints = [], resourceClaims = [] }: PodSpec): string[] {
  const found: string[] = []
  if (affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length) found.push('spec.affinity.podAffinity')
  if (affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length) found.push('spec.affinity.podAntiAffinity')
  if (topologySpreadConstraints.some(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule')) {
    found.push('spec.topologySpreadConstraints')
  }
  if (resourceClaims.length > 0) found.push('spec.resourceClaims')
  return found
}
