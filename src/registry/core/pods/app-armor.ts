import type { RequestContext } from '#apiserver/registry/resource.ts'
import { path } from '#apimachinery/validation/field-error.ts'
import { containersOf } from '#api/core/v1/containers.ts'
import { semanticEqual } from '#api/core/v1/equality.ts'
import type { AppArmorProfile, Pod } from '#api/core/v1/types.gen.ts'
import { validateAppArmorProfile } from '#api/core/v1/validation/security-context.ts'
import { appArmorAnnotationPrefix } from '#api/core/v1/well-known.ts'

/** Turns AppArmor annotations of old into fields, with a warning (KEP-24). */
export function adoptAppArmorAnnotations({ metadata, spec }: Pod, context: Pick<RequestContext, 'warn'>): void {
  if (spec.os?.name === 'windows') return
  for (const { container } of containersOf(spec)) {
    const key = `${appArmorAnnotationPrefix}${container.name}`
    const annotation = metadata.annotations?.[key]
    if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) continue
    const profile = profileOf(annotation)
    const isNew = profile !== undefined && !semanticEqual(profile, spec.securityContext?.appArmorProfile)
    if (isNew) container.securityContext = { ...container.securityContext, appArmorProfile: profile }
    if (profile === undefined || isNew) {
      context.warn(`${path('metadata', 'annotations').key(key)}: deprecated since v1.30; use the "appArmorProfile" field instead`)
    }
  }
}

function profileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  if (!annotation.startsWith('localhost/')) return undefined
  const profile = { type: 'Localhost', localhostProfile: annotation.slice('localhost/'.length) }
  return validateAppArmorProfile(profile, path()).length === 0 ? profile : undefined
}
