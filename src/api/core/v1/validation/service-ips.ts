import { duplicate, type FieldError, invalid, notSupported, path as pathOf, required } from '#apimachinery/validation/field-error.ts'
import { ipFamilyOf } from '#apimachinery/validation/names.ts'
import { isHeadless } from '../service-kinds.ts'
import type { Service } from '../types.gen.ts'
import { validateIP } from './dns.ts'

const specPath = pathOf('spec')
const addressesPath = specPath.child('clusterIPs')
const familiesPath = specPath.child('ipFamilies')
const families = ['IPv4', 'IPv6']
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']

/** How `clusterIP`, `clusterIPs`, `ipFamilies` and `ipFamilyPolicy` fit together. */
export function validateClusterIPs(service: Service): FieldError[] {
  const { spec } = service
  if (spec.type === 'ExternalName') return []
  const addresses = spec.clusterIPs ?? []
  const errors = [...validatePrimary(service), ...validateFamilies(service)]
  const bad: FieldError[] = []
  for (const [index, address] of addresses.entries()) {
    if (index > 0 || address !== 'None') bad.push(...validateIP(address, addressesPath.index(index)))
    else if (addresses.length > 1) bad.push(invalid(addressesPath, addresses, "'None' must be the first and only value"))
  }
  if (addresses.length > 2) errors.push(invalid(addressesPath, addresses, 'may only hold up to 2 values'))
  if (bad.length > 0) return [...errors, ...bad]
  if (addresses.length > 1 && new Set(addresses.map(ipFamilyOf)).size < 2) {
    errors.push(invalid(addressesPath, addresses, 'may specify no more than one IP for each IP family'))
  }
  if (isHeadless(service)) return errors
  for (const [index, address] of addresses.entries()) {
    const family = spec.ipFamilies?.[index]
    if (family === undefined || !families.includes(family) || family === `IPv${ipFamilyOf(address)}`) continue
    errors.push(invalid(addressesPath.index(index), address, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``))
  }
  return errors
}

function validatePrimary({ spec }: Service): FieldError[] {
  const addresses = spec.clusterIPs ?? []
  if (!spec.clusterIP) {
    return addresses.length === 0 ? [] : [invalid(addressesPath, addresses, 'must be empty when `clusterIP` is not specified')]
  }
  if (addresses.length === 0) return [required(addressesPath)]
  return addresses[0] === spec.clusterIP ? [] : [invalid(addressesPath, addresses, 'first value must match `clusterIP`')]
}

function validateFamilies({ spec }: Service): FieldError[] {
  const errors: FieldError[] = []
  const list = spec.ipFamilies ?? []
  for (const [index, family] of list.entries()) {
    if (!families.includes(family)) errors.push(notSupported(familiesPath.index(index), family, families))
    if (list.indexOf(family) < index) errors.push(duplicate(familiesPath.index(index), family))
  }
  if (spec.ipFamilyPolicy !== undefined && !policies.includes(spec.ipFamilyPolicy)) {
    errors.push(notSupported(specPath.child('ipFamilyPolicy'), spec.ipFamilyPolicy, policies))
  }
  return errors
}

/** The primary address and family stay; a second one may come, and go with the policy SingleStack. */
export function validateClusterIPsUpdate(service: Service, old: Service): FieldError[] {
  if (service.spec.type === 'ExternalName' || old.spec.type === 'ExternalName') return []
  const headless = isHeadless(service)
  const wasHeadless = isHeadless(old)
  const errors: FieldError[] = []
  const isSingleStack = service.spec.ipFamilyPolicy === 'SingleStack'
  if (!(headless && wasHeadless))
    errors.push(...validateAddressesChange(service.spec.clusterIPs ?? [], old.spec.clusterIPs ?? [], isSingleStack))
  if (headless === wasHeadless && !headless) {
    errors.push(...validateFamiliesChange(service.spec.ipFamilies ?? [], old.spec.ipFamilies ?? [], isSingleStack))
  }
  return errors
}

const changed = 'may not change once set'

function validateAddressesChange(now: readonly string[], old: readonly string[], isSingleStack: boolean): FieldError[] {
  if (now.length === old.length) {
    return old.flatMap((address, index) => (address === now[index] ? [] : [invalid(addressesPath.index(index), now, changed)]))
  }
  const errors: FieldError[] = []
  const at = addressesPath.index(0)
  if (now.length === 0) errors.push(invalid(at, now, 'primary clusterIP can not be unset'))
  else if (old.length > 0 && now[0] !== old[0]) errors.push(invalid(at, now, changed))
  if (old.length > now.length && now.length === 1 && !isSingleStack) {
    const detail = "must be set to 'SingleStack' when releasing the secondary clusterIP"
    errors.push(invalid(specPath.child('ipFamilyPolicy'), null, detail))
  }
  return errors
}

function validateFamiliesChange(now: readonly string[], old: readonly string[], isSingleStack: boolean): FieldError[] {
  const at = familiesPath.index(0)
  if (now.length === old.length) return old.flatMap((family, index) => (family === now[index] ? [] : [invalid(at, now, changed)]))
  const errors: FieldError[] = []
  if (now.length > 0 && old.length > 0 && now[0] !== old[0]) errors.push(invalid(at, now, changed))
  if (old.length > now.length && now.length === 1 && !isSingleStack) {
    const detail = "must be set to 'SingleStack' when releasing the secondary ipFamily"
    errors.push(invalid(specPath.child('ipFamilyPolicy'), null, detail))
  }
  return errors
}
