import { duplicate, type FieldError, type FieldPath, forbidden, invalid, notFound, required } from '#apimachinery/validation/field-error.ts'
import { isQualifiedName } from '#apimachinery/validation/names.ts'
import { Quantity } from '#apimachinery/quantity/quantity.ts'
import { aggregateContainerRequests } from '../pod-resources.ts'
import { parseResourceList, tryParse } from '../resource-list.ts'
import {
  hugePageSize,
  isHugePages,
  isIntegerResource,
  isNativeResource,
  isOvercommitAllowed,
  isPodLevelResource,
  isStandardContainerResource,
  isStandardResource,
} from '../resource-names.ts'
import type { PodSpec, ResourceClaim, ResourceRequirements } from '../types.gen.ts'
import { notNegativeMessage, validateDNS1123Label } from './names.ts'

type NameValidator = (name: string, path: FieldPath) => FieldError[]

/** Requests and limits of a container; `claimNames` are those of the pod's resourceClaims. */
export function validateContainerResources(
  resources: ResourceRequirements | undefined,
  claimNames: ReadonlySet<string>,
  path: FieldPath,
): FieldError[] {
  return resources === undefined ? [] : validateRequirements(resources, validateContainerResourceName, claimNames, path)
}

/** Pod-level resources (KEP-2837): at least what the containers request, and at least each container's limit. */
export function validatePodLevelResources(spec: PodSpec, claimNames: ReadonlySet<string>, path: FieldPath): FieldError[] {
  const { resources } = spec
  if (resources === undefined) return []
  const errors: FieldError[] = []
  if (resources.claims !== undefined) errors.push(forbidden(path.child('claims'), 'claims cannot be set for Resources at pod-level'))
  errors.push(...validateRequirements(resources, validatePodResourceName, claimNames, path))
  const requests = parseResourceList(resources.requests)
  for (const [name, needed] of Object.entries(aggregateContainerRequests(spec))) {
    if (!isPodLevelResource(name) || needed.cmp(requests[name] ?? Quantity.zero) <= 0) continue
    const detail = `must be greater than or equal to aggregate container requests of ${needed}`
    errors.push(invalid(path.child('requests').key(name), (requests[name] ?? Quantity.zero).toString(), detail))
  }
  const limits = parseResourceList(resources.limits)
  for (const [index, container] of spec.containers.entries()) {
    for (const [name, limit] of Object.entries(parseResourceList(container.resources?.limits))) {
      if (limits[name] === undefined || limit.cmp(limits[name]) <= 0) continue
      const at = path.child('containers').index(index).key(name).child('limits')
      errors.push(invalid(at, limit.toString(), `must be less than or equal to pod limits of ${limits[name]}`))
    }
  }
  return errors
}

/** The overhead of a runtime class is written like limits. */
export function validateOverhead(overhead: Record<string, string>, path: FieldPath): FieldError[] {
  return validateRequirements({ limits: overhead }, validateContainerResourceName, new Set(), path)
}

function validateRequirements(
  { limits = {}, requests = {}, claims = [] }: ResourceRequirements,
  validateName: NameValidator,
  claimNames: ReadonlySet<string>,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  for (const [name, text] of Object.entries(limits))
    errors.push(...validateAmount(name, text, validateName, path.child('limits').key(name)))
  for (const [name, text] of Object.entries(requests)) {
    errors.push(...validateAmount(name, text, validateName, path.child('requests').key(name)))
    errors.push(...validateAgainstLimit(name, text, limits[name], path))
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbidden(path, 'HugePages require cpu or memory'))
  }
  return [...errors, ...validateClaims(claims, claimNames, path.child('claims'))]
}

function validateAmount(name: string, text: string, validateName: NameValidator, path: FieldPath): FieldError[] {
  const errors = [...validateName(name, path), ...validateResourceQuantity(name, text, path)]
  const quantity = tryParse(text)
  if (!isHugePages(name) || quantity === undefined) return errors
  const pageSize = tryParse(hugePageSize(name))
  const divisible = pageSize !== undefined && pageSize.sign() > 0 && quantity.nanos % pageSize.nanos === 0n
  if (!divisible) errors.push(invalid(path, quantity.toString(), `${quantity} is not positive integer multiple of ${name}`))
  return errors
}

function validateAgainstLimit(name: string, text: string, limitText: string | undefined, path: FieldPath): FieldError[] {
  const quantity = tryParse(text)
  if (quantity === undefined) return []
  const limit = limitText === undefined ? undefined : tryParse(limitText)
  const mayDiffer = isOvercommitAllowed(name)
  if (limit === undefined) return mayDiffer ? [] : [required(path.child('limits'), 'Limit must be set for non overcommitable resources')]
  const order = quantity.cmp(limit)
  const at = path.child('requests')
  if (order !== 0 && !mayDiffer) return [invalid(at, quantity.toString(), `must be equal to ${name} limit of ${limit}`)]
  return order > 0 ? [invalid(at, quantity.toString(), `must be less than or equal to ${name} limit of ${limit}`)] : []
}

/** Not negative, and whole where the resource is counted in pieces. */
export function validateResourceQuantity(name: string, text: string, path: FieldPath): FieldError[] {
  const quantity = tryParse(text)
  if (quantity === undefined) return [invalid(path, text, 'must be a valid resource quantity')]
  const errors: FieldError[] = []
  if (quantity.sign() < 0) errors.push(invalid(path, quantity.toString(), notNegativeMessage))
  if (isIntegerResource(name) && quantity.nanos % 1_000_000_000n !== 0n) errors.push(invalid(path, quantity, 'must be an integer'))
  return errors
}

/** Any resource: a qualified name; without a domain, a well-known one. */
export function validateResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = isQualifiedName(name).map(message => invalid(path, name, message))
  if (errors.length > 0 || name.includes('/') || isStandardResource(name)) return errors
  return [invalid(path, name, 'must be a standard resource type or fully qualified')]
}

function validateContainerResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = validateResourceName(name, path)
  if (!name.includes('/')) {
    if (!isStandardContainerResource(name)) errors.push(invalid(path, name, 'must be a standard resource for containers'))
  } else if (!isNativeResource(name) && name.startsWith('requests.')) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"))
  }
  return errors
}

function validatePodResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = validateResourceName(name, path)
  if (errors.length > 0 || isPodLevelResource(name)) return errors
  return [{ ...invalid(path, name, ''), type: 'FieldValueNotSupported', detail: 'supported values: "cpu", "memory"' }]
}

function validateClaims(claims: readonly ResourceClaim[], claimNames: ReadonlySet<string>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { name, request }] of claims.entries()) {
    const at = path.index(index)
    if (!name) {
      errors.push(required(at))
      continue
    }
    const key = request ? `${name}/${request}` : name
    if (request && !seen.has(name)) errors.push(...validateDNS1123Label(request, at.child('request')))
    if (seen.has(name)) errors.push(duplicate(at, name))
    else if (seen.has(key)) errors.push(duplicate(at, key))
    else if (!request && [...seen].some(other => other.startsWith(`${name}/`))) errors.push(duplicate(at, name))
    seen.add(key)
    if (!claimNames.has(name)) {
      const known = claimNames.size === 0 ? ' which is empty' : `: ${[...claimNames].sort().join(', ')}`
      errors.push({ ...notFound(at, name), detail: `must be one of the names in pod.spec.resourceClaims${known}` })
    }
  }
  return errors
}

const memoryDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']
const cpuDivisors = ['1m', '1']

/** In what unit the downward API tells a resource. */
export function validateDivisor(resource: string, divisor: string | undefined, path: FieldPath): FieldError[] {
  const quantity = tryParse(divisor ?? '0')
  if (quantity === undefined || quantity.isZero()) return []
  const kind = divisorKind(resource)
  if (kind === undefined) return []
  const allowed = kind === 'cpu' ? cpuDivisors : memoryDivisors
  if (allowed.includes(quantity.toString())) return []
  const list = kind === 'cpu' ? '1m and 1' : memoryDivisors.join(', ')
  return [invalid(path, resource, `only divisor's values ${list} are supported with the ${kind} resource`)]
}

function divisorKind(resource: string): string | undefined {
  const name = resource.replace(/^(limits|requests)\./, '')
  if (name === resource) return undefined
  if (name === 'cpu' || name === 'memory') return name
  if (name === 'ephemeral-storage') return 'local ephemeral storage'
  return isHugePages(name) ? 'hugepages' : undefined
}
