import type { PolicyRule } from '#api/rbac/v1/types.gen.ts'
import { quote } from '#apimachinery/text/quote.ts'
import type { AuthorizationAttributes } from '../authorizer.ts'

/** Whether a rule allows a request. Behaviour: RBAC authorization, as documented upstream. */
export function ruleAllows(rule: PolicyRule, attributes: AuthorizationAttributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false
  if (!attributes.isResourceRequest) return pathMatches(rule.nonResourceURLs, attributes.path)
  const { group, resource, subresource, name } = attributes
  return has(rule.apiGroups, group) && resourceMatches(rule.resources, resource, subresource) && nameMatches(rule.resourceNames, name)
}

function has(values: readonly string[] | undefined, wanted: string): boolean {
  return values !== undefined && (values.includes('*') || values.includes(wanted))
}

/** `pods`, `pods/log`, every resource by `*`; a star before the slash stands for every resource with that subresource. */
function resourceMatches(values: readonly string[] | undefined, resource: string, subresource: string): boolean {
  const combined = subresource === '' ? resource : `${resource}/${subresource}`
  if (has(values, combined)) return true
  return subresource !== '' && (values?.includes(`*/${subresource}`) ?? false)
}

function nameMatches(names: readonly string[] | undefined, name: string): boolean {
  return names === undefined || names.length === 0 || names.includes(name)
}

/** `*` at the end stands for any rest. */
function pathMatches(patterns: readonly string[] | undefined, path: string): boolean {
  return (patterns ?? []).some(
    pattern => pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1))),
  )
}

/** The parts of `wanted`, one verb on one thing each, that no rule of `held` gives. */
export function missingRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter(part => !held.some(rule => ruleCovers(rule, part)))
}

/** One rule per verb and API group, resource and name, or URL. */
function breakDown(rule: PolicyRule): PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const parts: PolicyRule[] = []
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        const part = { apiGroups: [group], resources: [resource], verbs: [verb] }
        if (resourceNames.length === 0) parts.push(part)
        else for (const name of resourceNames) parts.push({ ...part, resourceNames: [name] })
      }
    }
  }
  for (const url of nonResourceURLs) for (const verb of verbs) parts.push({ nonResourceURLs: [url], verbs: [verb] })
  return parts
}

function ruleCovers(held: PolicyRule, part: PolicyRule): boolean {
  const hasAll = (values: readonly string[] | undefined, wanted: readonly string[] = []) => wanted.every(value => has(values, value))
  if (!hasAll(held.verbs, part.verbs)) return false
  if (part.nonResourceURLs !== undefined) return part.nonResourceURLs.every(url => pathMatches(held.nonResourceURLs, url))
  if (!hasAll(held.apiGroups, part.apiGroups) || !(part.resources ?? []).every(resource => resourceCovers(held.resources, resource)))
    return false
  const names = held.resourceNames ?? []
  if (names.length === 0) return true
  return part.resourceNames !== undefined && part.resourceNames.every(name => names.includes(name))
}

function resourceCovers(held: readonly string[] | undefined, wanted: string): boolean {
  if (has(held, wanted)) return true
  const slash = wanted.indexOf('/')
  return slash >= 0 && (held?.includes(`*${wanted.slice(slash)}`) ?? false)
}

/** Fewer rules that say the same: those on one resource of one group, without names, are joined. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const joined = new Map<string, PolicyRule>()
  const compact: PolicyRule[] = []
  for (const rule of rules) {
    const simple =
      rule.apiGroups?.length === 1 && rule.resources?.length === 1 && !rule.resourceNames?.length && !rule.nonResourceURLs?.length
    const key = simple ? `${rule.apiGroups![0]}/${rule.resources![0]}` : ''
    const known = simple ? joined.get(key) : undefined
    if (known !== undefined) {
      known.verbs.push(...rule.verbs.filter(verb => !known.verbs.includes(verb)))
      continue
    }
    const copy = structuredClone(rule)
    if (simple) joined.set(key, copy)
    compact.push(copy)
  }
  return compact
}

/** `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`. */
export function ruleText(rule: PolicyRule): string {
  const parts: string[] = []
  const add = (title: string, values: readonly string[] | undefined) => {
    if (values !== undefined && values.length > 0) parts.push(`${title}:${quoteList(values)}`)
  }
  add('APIGroups', rule.apiGroups)
  add('Resources', rule.resources)
  add('NonResourceURLs', rule.nonResourceURLs)
  add('ResourceNames', rule.resourceNames)
  add('Verbs', rule.verbs)
  return `{${parts.join(', ')}}`
}

/** As Go's `%q` prints a list. */
export function quoteList(values: readonly string[]): string {
  return `[${values.map(quote).join(' ')}]`
}
