import { duplicate, type FieldError, type FieldPath, invalid, required } from '#apimachinery/validation/field-error.ts'
import { nameIsDNSSubdomain } from '#apimachinery/validation/names.ts'
import type { PodResourceClaim } from '../types.gen.ts'
import { validateDNS1123Label, validateName } from './names.ts'

export function validateResourceClaims(claims: readonly PodResourceClaim[] | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, claim] of (claims ?? []).entries()) {
    const at = path.index(index)
    const { name, resourceClaimName, resourceClaimTemplateName } = claim
    if (!name) errors.push(required(at.child('name')))
    else if (names.has(name)) errors.push(duplicate(at.child('name'), name))
    else errors.push(...validateDNS1123Label(name, at.child('name')))
    names.add(name)
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      errors.push(invalid(at, claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'))
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      errors.push(invalid(at, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
    }
    for (const field of ['resourceClaimName', 'resourceClaimTemplateName'] as const) {
      const value = claim[field]
      if (value !== undefined) errors.push(...validateName(value, at.child(field), nameIsDNSSubdomain))
    }
  }
  return errors
}
