import { type FieldError, type FieldPath, invalid, path as pathOf, required } from '#apimachinery/validation/field-error.ts'
import { isValidPortNum, nameIsDNSSubdomain, parseIP } from '#apimachinery/validation/names.ts'
import type { EndpointAddress, EndpointPort, Endpoints } from '../types.gen.ts'
import { validateIP } from './dns.ts'
import { validateCoreMeta, validateCoreMetaUpdate, validateDNS1123Label, validateName, validateQualifiedName } from './names.ts'
import { validateProtocol } from './ports.ts'

export function validateEndpoints(endpoints: Endpoints): FieldError[] {
  const errors = validateCoreMeta(endpoints.metadata, { namespaced: true, nameFn: nameIsDNSSubdomain })
  for (const [index, { addresses = [], notReadyAddresses = [], ports = [] }] of (endpoints.subsets ?? []).entries()) {
    const at = pathOf('subsets').index(index)
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'))
    }
    for (const [i, address] of addresses.entries()) errors.push(...validateAddress(address, at.child('addresses').index(i)))
    for (const [i, address] of notReadyAddresses.entries()) errors.push(...validateAddress(address, at.child('notReadyAddresses').index(i)))
    for (const [i, port] of ports.entries()) errors.push(...validatePort(port, ports.length > 1, at.child('ports').index(i)))
  }
  return errors
}

export function validateEndpointsUpdate(endpoints: Endpoints, old: Endpoints): FieldError[] {
  return [...validateCoreMetaUpdate(endpoints.metadata, old.metadata), ...validateEndpoints(endpoints)]
}

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, path: FieldPath): FieldError[] {
  return [
    ...validateIP(ip, path.child('ip')),
    ...(hostname ? validateDNS1123Label(hostname, path.child('hostname')) : []),
    ...(nodeName === undefined ? [] : validateName(nodeName, path.child('nodeName'), nameIsDNSSubdomain)),
    ...validateNonSpecialIP(ip, path.child('ip')),
  ]
}

function validatePort({ name, port, protocol, appProtocol }: EndpointPort, nameNeeded: boolean, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (name) errors.push(...validateDNS1123Label(name, path.child('name')))
  else if (nameNeeded) errors.push(required(path.child('name')))
  errors.push(...isValidPortNum(port ?? 0).map(message => invalid(path.child('port'), port ?? 0, message)))
  errors.push(...validateProtocol(protocol, path.child('protocol')))
  return appProtocol === undefined ? errors : [...errors, ...validateQualifiedName(appProtocol, path.child('appProtocol'))]
}

/** Addresses that mean something else on each node cannot be endpoints. */
export function validateNonSpecialIP(address: string, path: FieldPath): FieldError[] {
  const bytes = parseIP(address ?? '')?.bytes
  if (bytes === undefined) return [invalid(path, address ?? '', 'must be a valid IP address')]
  const errors: FieldError[] = []
  const [a = 0, b = 0, c = 0] = bytes
  const isV4 = bytes.length === 4
  const leading = bytes.slice(0, -1).every(byte => byte === 0)
  if (leading && bytes.at(-1) === 0) errors.push(invalid(path, address, `may not be unspecified (${address})`))
  if (isV4 ? a === 127 : leading && bytes.at(-1) === 1) {
    errors.push(invalid(path, address, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'))
  }
  if (isV4 ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80) {
    errors.push(invalid(path, address, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'))
  }
  if (isV4 ? a === 224 && b === 0 && c === 0 : a === 0xff && (b & 0x0f) === 0x02) {
    errors.push(invalid(path, address, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'))
  }
  return errors
}
