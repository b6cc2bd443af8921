import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  path as pathOf,
  required,
} from '#apimachinery/validation/field-error.ts'
import {
  isCIDRForLegacyField,
  isDNS1123Subdomain,
  isValidPortNum,
  nameIsDNS1035Label,
  parseIP,
  validateLabels,
} from '#apimachinery/validation/names.ts'
import { isExternallyAccessible, isHeadless, needsHealthCheck } from '../service-kinds.ts'
import type { Service, ServicePort } from '../types.gen.ts'
import { loadBalancerSourceRangesAnnotation, topologyAwareHintsAnnotation, topologyModeAnnotation } from '../well-known.ts'
import { validateIP } from './dns.ts'
import { validateNonSpecialIP } from './endpoints.ts'
import { validateCoreMeta, validateCoreMetaUpdate, validateDNS1123Label, validateDNS1123Subdomain, validateQualifiedName } from './names.ts'
import { validatePortNumberOrName, validateProtocol } from './ports.ts'
import { validateClusterIPs, validateClusterIPsUpdate } from './service-ips.ts'

const specPath = pathOf('spec')
const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const affinities = ['ClientIP', 'None']
const trafficPolicies = ['Cluster', 'Local']
const trafficDistributions = ['PreferClose', 'PreferSameNode', 'PreferSameZone']
const affinitySecondsMax = 86_400

export function validateService(service: Service): FieldError[] {
  const { metadata, spec } = service
  const errors = validateCoreMeta(metadata, { namespaced: true, nameFn: nameIsDNS1035Label })
  errors.push(...validateTopologyAnnotations(metadata.annotations ?? {}))
  const ports = spec.ports ?? []
  if (ports.length === 0 && !isHeadless(service) && spec.type !== 'ExternalName') errors.push(required(specPath.child('ports')))
  errors.push(...validateByType(service))
  errors.push(...validatePorts(ports, specPath.child('ports')))
  errors.push(...validateLabels(spec.selector, specPath.child('selector')))
  errors.push(...validateAffinity(service))
  errors.push(...validateClusterIPs(service))
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    const at = specPath.child('externalIPs').index(index)
    const own = validateIP(address, at)
    errors.push(...(own.length > 0 ? own : validateNonSpecialIP(address, at)))
  }
  if (!spec.type) errors.push(required(specPath.child('type')))
  else if (!types.includes(spec.type)) errors.push(notSupported(specPath.child('type'), spec.type, types))
  errors.push(...validateNodePorts(service))
  return [...errors, ...validateLoadBalancerFields(service), ...validateTrafficPolicies(service)]
}

export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors = [...validateCoreMetaUpdate(service.metadata, old.metadata), ...validateClusterIPsUpdate(service, old)]
  const { spec } = service
  if (spec.type === 'LoadBalancer' && old.spec.type === 'LoadBalancer' && spec.loadBalancerClass !== old.spec.loadBalancerClass) {
    errors.push(invalid(specPath.child('loadBalancerClass'), spec.loadBalancerClass ?? null, 'may not change once set'))
  }
  if (needsHealthCheck(service) && needsHealthCheck(old) && spec.healthCheckNodePort !== old.spec.healthCheckNodePort) {
    errors.push(forbidden(specPath.child('healthCheckNodePort'), 'field is immutable'))
  }
  return [...errors, ...validateService(service)]
}

function validateTopologyAnnotations(annotations: Record<string, string>): FieldError[] {
  const mode = annotations[topologyModeAnnotation]
  const hints = annotations[topologyAwareHintsAnnotation]
  if (mode === undefined || hints === undefined || mode === hints) return []
  const at = pathOf('metadata', 'annotations').key(topologyModeAnnotation)
  return [invalid(at, mode, `must match annotations[${topologyAwareHintsAnnotation}] when both are specified`)]
}

function validateByType(service: Service): FieldError[] {
  const { spec } = service
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(service)) {
    return [invalid(specPath.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${spec.type} services`)]
  }
  if (spec.type !== 'ExternalName') return []
  const errors: FieldError[] = []
  const detail = 'may not be set for ExternalName services'
  if (spec.clusterIPs?.length) errors.push(forbidden(specPath.child('clusterIPs'), detail))
  if (spec.ipFamilies?.length) errors.push(forbidden(specPath.child('ipFamilies'), detail))
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden(specPath.child('ipFamilyPolicy'), detail))
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  if (name === '') errors.push(required(specPath.child('externalName')))
  else errors.push(...validateDNS1123Subdomain(name, specPath.child('externalName')))
  return errors
}

function validatePorts(ports: readonly ServicePort[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = path.index(index)
    if (port.name) {
      errors.push(...validateDNS1123Label(port.name, at.child('name')))
      if (names.has(port.name)) errors.push(duplicate(at.child('name'), port.name))
      names.add(port.name)
    } else if (ports.length > 1) errors.push(required(at.child('name')))
    errors.push(...isValidPortNum(port.port ?? 0).map(message => invalid(at.child('port'), port.port ?? 0, message)))
    errors.push(...validateProtocol(port.protocol, at.child('protocol')))
    errors.push(...validatePortNumberOrName(port.targetPort, at.child('targetPort')))
    if (port.appProtocol !== undefined) errors.push(...validateQualifiedName(port.appProtocol, at.child('appProtocol')))
  }
  return errors
}

function validateAffinity({ spec }: Service): FieldError[] {
  const { sessionAffinity, sessionAffinityConfig } = spec
  if (!sessionAffinity) return [required(specPath.child('sessionAffinity'))]
  if (!affinities.includes(sessionAffinity)) return [notSupported(specPath.child('sessionAffinity'), sessionAffinity, affinities)]
  const at = specPath.child('sessionAffinityConfig')
  if (sessionAffinity === 'None') {
    return sessionAffinityConfig === undefined ? [] : [forbidden(at, 'must not be set when session affinity is None')]
  }
  const needed = 'when session affinity type is ClientIP'
  if (sessionAffinityConfig === undefined) return [required(at, needed)]
  if (sessionAffinityConfig.clientIP === undefined) return [required(at.child('clientIP'), needed)]
  const seconds = sessionAffinityConfig.clientIP.timeoutSeconds
  const secondsPath = at.child('clientIP', 'timeoutSeconds')
  if (seconds === undefined) return [required(secondsPath, needed)]
  if (seconds > 0 && seconds <= affinitySecondsMax) return []
  return [invalid(secondsPath, seconds, `must be greater than 0 and less than ${affinitySecondsMax}`)]
}

/** Node ports and ports are each taken once for a protocol. */
function validateNodePorts({ spec }: Service): FieldError[] {
  const errors: FieldError[] = []
  const ports = spec.ports ?? []
  const at = (index: number) => specPath.child('ports').index(index)
  const isFirst = (index: number, field: 'port' | 'nodePort') =>
    ports.findIndex(other => other.protocol === ports[index]!.protocol && other[field] === ports[index]![field]) === index
  for (const [index, { nodePort }] of ports.entries()) {
    if (!nodePort) continue
    if (spec.type === 'ClusterIP') errors.push(forbidden(at(index).child('nodePort'), "may not be used when `type` is 'ClusterIP'"))
  }
  for (const [index, { nodePort }] of ports.entries()) {
    if (nodePort && !isFirst(index, 'nodePort')) errors.push(duplicate(at(index).child('nodePort'), nodePort))
  }
  for (const [index, { protocol, port }] of ports.entries()) {
    // The value is shown as upstream's key, an otherwise empty port.
    if (!isFirst(index, 'port')) errors.push(duplicate(at(index), { protocol, port, targetPort: 0 }))
  }
  return errors
}

const onlyForLoadBalancers = "may only be used when `type` is 'LoadBalancer'"

function validateLoadBalancerFields(service: Service): FieldError[] {
  const errors: FieldError[] = []
  const { metadata, spec } = service
  const isLoadBalancer = spec.type === 'LoadBalancer'
  const annotation = metadata.annotations?.[loadBalancerSourceRangesAnnotation]
  const ranges = spec.loadBalancerSourceRanges ?? []
  if (ranges.length > 0) {
    const at = specPath.child('LoadBalancerSourceRanges')
    if (!isLoadBalancer) errors.push(forbidden(at, onlyForLoadBalancers))
    for (const [index, range] of ranges.entries()) errors.push(...validateCIDR(range.trim(), at.index(index)))
  } else if (annotation !== undefined) {
    const at = pathOf('metadata', 'annotations').key(loadBalancerSourceRangesAnnotation)
    if (!isLoadBalancer) errors.push(forbidden(at, onlyForLoadBalancers))
    for (const range of annotation.trim() === '' ? [] : annotation.split(',')) errors.push(...validateCIDR(range.trim(), at))
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer) {
    errors.push(forbidden(specPath.child('allocateLoadBalancerNodePorts'), onlyForLoadBalancers))
  }
  if (isLoadBalancer && spec.allocateLoadBalancerNodePorts === undefined) errors.push(required('allocateLoadBalancerNodePorts'))
  if (spec.loadBalancerClass === undefined) return errors
  const at = specPath.child('loadBalancerClass')
  return [...errors, ...(isLoadBalancer ? validateQualifiedName(spec.loadBalancerClass, at) : [forbidden(at, onlyForLoadBalancers)])]
}

function validateCIDR(cidr: string, path: FieldPath): FieldError[] {
  return isCIDRForLegacyField(cidr).map(message => invalid(path, cidr, message))
}

/** A missing health check port is no error: the server takes one after this. */
function validateTrafficPolicies(service: Service): FieldError[] {
  const errors: FieldError[] = []
  const { externalTrafficPolicy, internalTrafficPolicy, healthCheckNodePort, trafficDistribution, type } = service.spec
  const at = specPath.child('externalTrafficPolicy')
  if (!isExternallyAccessible(service)) {
    if (externalTrafficPolicy) errors.push(invalid(at, externalTrafficPolicy, 'may only be set for externally-accessible services'))
  } else if (!externalTrafficPolicy) errors.push(required(at))
  else if (!trafficPolicies.includes(externalTrafficPolicy)) errors.push(notSupported(at, externalTrafficPolicy, trafficPolicies))
  if (healthCheckNodePort) {
    const portPath = specPath.child('healthCheckNodePort')
    if (needsHealthCheck(service))
      errors.push(...isValidPortNum(healthCheckNodePort).map(message => invalid(portPath, healthCheckNodePort, message)))
    else {
      const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
      errors.push(invalid(portPath, healthCheckNodePort, detail))
    }
  }
  const internalPath = specPath.child('internalTrafficPolicy')
  if (internalTrafficPolicy === undefined) {
    if (type !== 'ExternalName' && types.includes(type ?? '')) errors.push(required(internalPath))
  } else if (!trafficPolicies.includes(internalTrafficPolicy))
    errors.push(notSupported(internalPath, internalTrafficPolicy, trafficPolicies))
  if (trafficDistribution !== undefined && !trafficDistributions.includes(trafficDistribution)) {
    errors.push(notSupported(specPath.child('trafficDistribution'), trafficDistribution, trafficDistributions))
  }
  return errors
}

const ipModes = ['Proxy', 'VIP']

export function validateServiceStatusUpdate(service: Service, old: Service): FieldError[] {
  const errors = validateCoreMetaUpdate(service.metadata, old.metadata)
  const ingress = service.status?.loadBalancer?.ingress ?? []
  const at = pathOf('status', 'loadBalancer', 'ingress')
  if (service.spec.type !== 'LoadBalancer' && ingress.length > 0) {
    return [...errors, forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'")]
  }
  for (const [index, { ip, ipMode, hostname }] of ingress.entries()) {
    const own = at.index(index)
    if (ip) errors.push(...validateIP(ip, own.child('ip')))
    if (ipMode === undefined) {
      if (ip) errors.push(required(own.child('ipMode'), 'must be specified when `ip` is set'))
    } else if (!ip) errors.push(forbidden(own.child('ipMode'), 'may not be specified when `ip` is not set'))
    else if (!ipModes.includes(ipMode)) errors.push(notSupported(own.child('ipMode'), ipMode, ipModes))
    if (!hostname) continue
    errors.push(...isDNS1123Subdomain(hostname).map(message => invalid(own.child('hostname'), hostname, message)))
    if (parseIP(hostname) !== undefined) errors.push(invalid(own.child('hostname'), hostname, 'must be a DNS name, not an IP address'))
  }
  return errors
}
