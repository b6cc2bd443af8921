import { type FieldError, type FieldPath, invalid, notSupported, required } from '#apimachinery/validation/field-error.ts'
import { isDNS1123SubdomainWithUnderscore, isValidIPForLegacyField } from '#apimachinery/validation/names.ts'
import type { HostAlias, PodDNSConfig } from '../types.gen.ts'
import { validateDNS1123Subdomain } from './names.ts'

const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const nameserversMax = 3
const searchPathsMax = 32
const searchListCharactersMax = 2048

export function validateDNSPolicy(policy: string | undefined, path: FieldPath): FieldError[] {
  if (!policy) return [required(path)]
  return dnsPolicies.includes(policy) ? [] : [notSupported(path, policy, dnsPolicies)]
}

export function validateDNSConfig(config: PodDNSConfig | undefined, policy: string | undefined, path: FieldPath): FieldError[] {
  if (policy === 'None') {
    if (config === undefined) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')]
    if ((config.nameservers ?? []).length === 0) {
      return [required(path.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None')]
    }
  }
  if (config === undefined) return []
  const { nameservers = [], searches = [], options = [] } = config
  const errors: FieldError[] = []
  if (nameservers.length > nameserversMax) {
    errors.push(invalid(path.child('nameservers'), nameservers, `must not have more than ${nameserversMax} nameservers`))
  }
  for (const [index, address] of nameservers.entries()) errors.push(...validateIP(address, path.child('nameservers').index(index)))
  if (searches.length > searchPathsMax) {
    errors.push(invalid(path.child('searches'), searches, `must not have more than ${searchPathsMax} search paths`))
  }
  if (searches.join(' ').length > searchListCharactersMax) {
    const detail = `must not have more than ${searchListCharactersMax} characters (including spaces) in the search list`
    errors.push(invalid(path.child('searches'), searches, detail))
  }
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue
    const name = search.endsWith('.') ? search.slice(0, -1) : search
    const at = path.child('searches').index(index)
    errors.push(...isDNS1123SubdomainWithUnderscore(name).map(message => invalid(at, name, message)))
  }
  for (const [index, option] of options.entries()) {
    if (!option.name) errors.push(required(path.child('options').index(index), 'must not be empty'))
  }
  return errors
}

/** An address in any spelling that old clients wrote. */
export function validateIP(address: string, path: FieldPath): FieldError[] {
  return isValidIPForLegacyField(address ?? '').map(message => invalid(path, address ?? '', message))
}

export function validateHostAliases(aliases: readonly HostAlias[] | undefined, path: FieldPath): FieldError[] {
  return (aliases ?? []).flatMap(({ ip, hostnames }, index) => [
    ...validateIP(ip, path.index(index).child('ip')),
    ...(hostnames ?? []).flatMap((name, j) => validateDNS1123Subdomain(name, path.index(index).child('hostnames').index(j))),
  ])
}
