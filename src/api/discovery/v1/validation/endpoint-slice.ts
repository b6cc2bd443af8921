import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalid,
  notSupported,
  path as pathOf,
  required,
  tooMany,
} from '#apimachinery/validation/field-error.ts'
import {
  ipFamilyOf,
  isFullyQualifiedDomainName,
  isQualifiedName,
  isValidIPForLegacyField,
  nameIsDNSSubdomain,
  validateLabels,
} from '#apimachinery/validation/names.ts'
import { validateNonSpecialIP } from '#api/core/v1/validation/endpoints.ts'
import { validateCoreMeta, validateDNS1123Label, validateImmutable, validateName } from '#api/core/v1/validation/names.ts'
import { validateProtocol } from '#api/core/v1/validation/ports.ts'
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '../types.gen.ts'

const addressTypes = ['FQDN', 'IPv4', 'IPv6']
const limits = { addresses: 100, ports: 20_000, endpoints: 1000, topologyLabels: 16, hints: 8 }

export function validateEndpointSlice(slice: EndpointSlice): FieldError[] {
  const errors = validateCoreMeta(slice.metadata, { namespaced: true, nameFn: nameIsDNSSubdomain })
  const { addressType } = slice
  if (!addressType) errors.push(required(pathOf('addressType')))
  else if (!addressTypes.includes(addressType)) errors.push(notSupported(pathOf('addressType'), addressType, addressTypes))
  return [
    ...errors,
    ...validateEndpoints(slice.endpoints ?? [], addressType, pathOf('endpoints')),
    ...validatePorts(slice.ports ?? [], pathOf('ports')),
  ]
}

export function validateEndpointSliceUpdate(slice: EndpointSlice, old: EndpointSlice): FieldError[] {
  return [...validateEndpointSlice(slice), ...validateImmutable(slice.addressType, old.addressType, pathOf('addressType'))]
}

function validateEndpoints(endpoints: readonly Endpoint[], addressType: string, path: FieldPath): FieldError[] {
  if (endpoints.length > limits.endpoints) return [tooMany(path, endpoints.length, limits.endpoints)]
  return endpoints.flatMap((endpoint, index) => validateEndpoint(endpoint, addressType, path.index(index)))
}

function validateEndpoint(endpoint: Endpoint, addressType: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const addresses = endpoint.addresses ?? []
  const { deprecatedTopology = {}, hostname, nodeName, hints } = endpoint
  const at = path.child('addresses')
  if (addresses.length === 0) errors.push(required(at, 'must contain at least 1 address'))
  else if (addresses.length > limits.addresses) errors.push(tooMany(at, addresses.length, limits.addresses))
  for (const [index, address] of addresses.entries()) errors.push(...validateAddress(address, addressType, at.index(index)))
  if (nodeName !== undefined) errors.push(...validateName(nodeName, path.child('nodeName'), nameIsDNSSubdomain))
  const topologyPath = path.child('deprecatedTopology')
  const labelCount = Object.keys(deprecatedTopology).length
  if (labelCount > limits.topologyLabels) errors.push(tooMany(topologyPath, labelCount, limits.topologyLabels))
  errors.push(...validateLabels(deprecatedTopology, topologyPath))
  if (hostname !== undefined) errors.push(...validateDNS1123Label(hostname, path.child('hostname')))
  return hints === undefined ? errors : [...errors, ...validateHints(hints, path.child('hints'))]
}

function validateAddress(address: string, addressType: string, path: FieldPath): FieldError[] {
  if (addressType === 'FQDN') return isFullyQualifiedDomainName(address).map(message => invalid(path, address, message))
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return []
  const messages = isValidIPForLegacyField(address)
  const errors = messages.map(message => invalid(path, address, message))
  const family = ipFamilyOf(address)
  if (family !== undefined && addressType !== `IPv${family}`) errors.push(invalid(path, address, `must be an ${addressType} address`))
  return messages.length > 0 ? errors : [...errors, ...validateNonSpecialIP(address, path)]
}

function validateHints({ forZones = [], forNodes = [] }: EndpointHints, path: FieldPath): FieldError[] {
  return (
    [
      ['forZones', forZones],
      ['forNodes', forNodes],
    ] as const
  ).flatMap(([field, list]) => {
    const at = path.child(field)
    if (list.length > limits.hints) return [tooMany(at, list.length, limits.hints)]
    return list.flatMap(({ name }, index) => {
      const nameErrors = validateName(name, at.index(index).child('name'), nameIsDNSSubdomain)
      return list.findIndex(other => other.name === name) < index
        ? [...nameErrors, duplicate(at.index(index).child('name'), name)]
        : nameErrors
    })
  })
}

function validatePorts(ports: readonly EndpointPort[], path: FieldPath): FieldError[] {
  if (ports.length > limits.ports) return [tooMany(path, ports.length, limits.ports)]
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, { name = '', protocol, appProtocol }] of ports.entries()) {
    const at = path.index(index)
    if (name !== '') errors.push(...validateDNS1123Label(name, at.child('name')))
    if (names.has(name)) errors.push(duplicate(at.child('name'), name))
    names.add(name)
    errors.push(...validateProtocol(protocol, at.child('protocol')))
    if (appProtocol !== undefined)
      errors.push(...isQualifiedName(appProtocol).map(message => invalid(at.child('appProtocol'), appProtocol, message)))
  }
  return errors
}
