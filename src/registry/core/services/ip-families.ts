import { type FieldError, invalid, path as pathOf } from '#apimachinery/validation/field-error.ts'
import { ipFamilyOf } from '#apimachinery/validation/names.ts'
import type { Service } from '#api/core/v1/types.gen.ts'

type Family = 'IPv4' | 'IPv6'

const specPath = pathOf('spec')
const policyPath = specPath.child('ipFamilyPolicy')

/**
 * Decides policy and families of a service that did not say them, by what the cluster has (`available`, the default first).
 * @returns what the service asks for and the cluster cannot give
 */
export function decideIPFamilies(service: Service, old: Service | undefined, available: readonly Family[]): FieldError[] {
  const { spec } = service
  if (spec.type === 'ExternalName' || keepsPreferDualStack(service, old)) return []
  const isSelectorless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0
  spec.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (isSelectorless ? 'RequireDualStack' : 'SingleStack')
  const errors = [...(old === undefined ? [] : shrink(service, old)), ...checkCounts(service), ...inferFromAddresses(service, available)]
  if (errors.length > 0) return errors
  if (isSelectorless) {
    // Nobody routes to it, so that it may have families that the cluster lacks.
    if (!spec.ipFamilies?.length) spec.ipFamilies = [available[0]!]
    if (spec.ipFamilies.length < 2 && spec.ipFamilyPolicy !== 'SingleStack')
      spec.ipFamilies = [...spec.ipFamilies, otherThan(spec.ipFamilies[0])]
    return []
  }
  if (spec.ipFamilyPolicy === 'RequireDualStack' && available.length < 2) {
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'))
  }
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (!available.includes(family as Family))
      errors.push(invalid(specPath.child('ipFamilies').index(index), family, 'not configured on this cluster'))
  }
  if (errors.length > 0) return errors
  if (!spec.ipFamilies?.length) spec.ipFamilies = [available[0]!]
  if (spec.ipFamilyPolicy !== 'SingleStack' && spec.ipFamilies.length === 1 && available.length === 2) {
    spec.ipFamilies = [...spec.ipFamilies, otherThan(spec.ipFamilies[0])]
  }
  return []
}

function otherThan(family: string | undefined): Family {
  return family === 'IPv4' ? 'IPv6' : 'IPv4'
}

/** A service that prefers two families is not changed just because the cluster got or lost one. */
function keepsPreferDualStack({ spec }: Service, old: Service | undefined): boolean {
  if (old === undefined || spec.ipFamilyPolicy !== 'PreferDualStack' || old.spec.ipFamilyPolicy !== 'PreferDualStack') return false
  if (old.spec.type === 'ExternalName') return false
  return same(spec.clusterIPs, old.spec.clusterIPs) && same(spec.ipFamilies, old.spec.ipFamilies)
}

function same(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}

/** SingleStack alone lets the second address go; who takes it away must say SingleStack. */
function shrink({ spec }: Service, { spec: old }: Service): FieldError[] {
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (same(spec.clusterIPs, old.clusterIPs) && (spec.clusterIPs ?? []).length > 1) spec.clusterIPs = spec.clusterIPs!.slice(0, 1)
    if (same(spec.ipFamilies, old.ipFamilies) && (spec.ipFamilies ?? []).length > 1) spec.ipFamilies = spec.ipFamilies!.slice(0, 1)
    return []
  }
  const isReduced = (now: readonly string[] = [], before: readonly string[] = []) =>
    now.length > 0 && now.length < before.length && same(now, before.slice(0, now.length))
  const errors: FieldError[] = []
  if (isReduced(spec.clusterIPs, old.clusterIPs)) {
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary cluster IP"))
  }
  if (isReduced(spec.ipFamilies, old.ipFamilies)) {
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary IP family"))
  }
  return errors
}

function checkCounts({ spec }: Service): FieldError[] {
  if (spec.ipFamilyPolicy !== 'SingleStack') return []
  const needed = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
  const errors: FieldError[] = []
  if (spec.clusterIPs?.length === 2) errors.push(invalid(policyPath, spec.ipFamilyPolicy, `${needed} cluster IPs are specified`))
  if (spec.ipFamilies?.length === 2) errors.push(invalid(policyPath, spec.ipFamilyPolicy, `${needed} IP families are specified`))
  return errors
}

/** An address that was asked for says its family. */
function inferFromAddresses({ spec }: Service, available: readonly Family[]): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
    if (address === 'None') break
    if (index < (spec.ipFamilies ?? []).length) continue
    const family: Family = ipFamilyOf(address) === 6 ? 'IPv6' : 'IPv4'
    if (available.includes(family)) spec.ipFamilies = [...(spec.ipFamilies ?? []), family]
    else errors.push(invalid(specPath.child('clusterIPs').index(index), spec.clusterIPs, `${family} is not configured on this cluster`))
  }
  return errors
}
