import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '#apimachinery/validation/field-error.ts'
import { inclusiveRangeError, isDNS1123Subdomain, nameIsDNSSubdomain, validateLabels } from '#apimachinery/validation/names.ts'
import type { PodSpec } from '../types.gen.ts'
import { validateAffinity } from './affinity.ts'
import { validateEphemeralContainers, validateInitContainers, validateRegularContainers } from './container.ts'
import { validateDNSConfig, validateDNSPolicy, validateHostAliases } from './dns.ts'
import { validateDNS1123Label, validateName, validateQualifiedName } from './names.ts'
import { validateHostNetworkPorts } from './ports.ts'
import { validateResourceClaims } from './resource-claims.ts'
import { validateOverhead, validatePodLevelResources } from './resources.ts'
import { validateHostUsers, validatePodSecurityContext } from './security-context.ts'
import { validateTolerations } from './tolerations.ts'
import { validateTopologySpread } from './topology-spread.ts'
import { validateVolumes } from './volume.ts'
import { validateForOS, validateHostProcesses } from './windows-options.ts'

const restartPolicies = ['Always', 'OnFailure', 'Never']
const preemptionPolicies = ['PreemptLowerPriority', 'Never']
const operatingSystems = ['linux', 'windows']
const int32Max = 2 ** 31 - 1
const hostnameLengthMax = 64

export interface PodSpecOptions {
  /** A pod, not the template of one. */
  isPod: boolean
  podName?: string | undefined
}

/** Everything in a pod spec, after its defaults were filled in. In the order in which upstream reports. */
export function validatePodSpec(spec: PodSpec, path: FieldPath, options: PodSpecOptions): FieldError[] {
  const errors: FieldError[] = []
  if (spec.terminationGracePeriodSeconds === undefined) errors.push(required(path.child('terminationGracePeriodSeconds')))
  const { volumes, errors: volumeErrors } = validateVolumes(spec.volumes, path.child('volumes'), options)
  const claimNames = new Set((spec.resourceClaims ?? []).map(({ name }) => name).filter(Boolean))
  const context = { spec, volumes, claimNames }
  errors.push(
    ...volumeErrors,
    ...validateResourceClaims(spec.resourceClaims, path.child('resourceClaims')),
    ...validateRegularContainers(context, path.child('containers')),
    ...validateInitContainers(context, path.child('initContainers')),
    ...validateEphemeralContainers(context, path.child('ephemeralContainers')),
    ...validatePodLevelResources(spec, claimNames, path.child('resources')),
    ...validateHostNetworkPorts(spec, path, options.isPod),
    ...validateChoice(spec.restartPolicy ?? '', restartPolicies, path.child('restartPolicy')),
    ...validateDNSPolicy(spec.dnsPolicy, path.child('dnsPolicy')),
    ...validateLabels(spec.nodeSelector, path.child('nodeSelector')),
    ...validatePodSecurityContext(spec, path.child('securityContext')),
    ...validateAffinity(spec.affinity, path.child('affinity')),
    ...validateDNSConfig(spec.dnsConfig, spec.dnsPolicy, path.child('dnsConfig')),
    ...validateReadinessGates(spec, path.child('readinessGates')),
    ...validateSchedulingGates(spec, path.child('schedulingGates')),
    ...validateTopologySpread(spec.topologySpreadConstraints, path.child('topologySpreadConstraints')),
    ...validateHostProcesses(spec, path),
    ...validateHostUsers(spec, path),
    ...validateNames(spec, path),
    ...validateTolerations(spec.tolerations, path.child('tolerations')),
    ...validateHostAliases(spec.hostAliases, path.child('hostAliases')),
    ...validateClasses(spec, path),
    ...validateOS(spec, path),
  )
  return errors
}

function validateChoice(value: string, supported: readonly string[], path: FieldPath): FieldError[] {
  if (value === '') return [required(path)]
  return supported.includes(value) ? [] : [notSupported(path, value, supported)]
}

function validateReadinessGates({ readinessGates }: PodSpec, path: FieldPath): FieldError[] {
  return (readinessGates ?? []).flatMap(({ conditionType }, index) =>
    validateQualifiedName(conditionType ?? '', path.index(index).child('conditionType')),
  )
}

function validateSchedulingGates({ schedulingGates }: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { name = '' }] of (schedulingGates ?? []).entries()) {
    errors.push(...validateQualifiedName(name, path.index(index)))
    if (seen.has(name)) errors.push(duplicate(path.index(index), name))
    seen.add(name)
  }
  return errors
}

function validateNames(spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { serviceAccountName, nodeName, activeDeadlineSeconds, hostname, subdomain } = spec
  if (serviceAccountName) errors.push(...validateName(serviceAccountName, path.child('serviceAccountName'), nameIsDNSSubdomain))
  if (nodeName) errors.push(...validateName(nodeName, path.child('nodeName'), nameIsDNSSubdomain))
  if (activeDeadlineSeconds !== undefined && (activeDeadlineSeconds < 1 || activeDeadlineSeconds > int32Max)) {
    errors.push(invalid(path.child('activeDeadlineSeconds'), activeDeadlineSeconds, inclusiveRangeError(1, int32Max)))
  }
  if (hostname) errors.push(...validateDNS1123Label(hostname, path.child('hostname')))
  if (subdomain) errors.push(...validateDNS1123Label(subdomain, path.child('subdomain')))
  return [...errors, ...validateHostnameOverride(spec, path)]
}

/** KEP-4762: the name that the pod's own kernel tells. */
function validateHostnameOverride({ hostnameOverride, hostNetwork, setHostnameAsFQDN }: PodSpec, path: FieldPath): FieldError[] {
  if (hostnameOverride === undefined) return []
  const at = path.child('hostnameOverride')
  const errors = isDNS1123Subdomain(hostnameOverride).map(message => invalid(at, hostnameOverride, message))
  if (hostnameOverride.length > hostnameLengthMax) {
    errors.push(invalid(at, hostnameOverride, `must be no more than ${hostnameLengthMax} characters`))
  }
  if (hostNetwork) errors.push(forbidden(at, 'may not be specified when `hostNetwork` is true'))
  if (setHostnameAsFQDN) errors.push(forbidden(at, 'may not be specified when `setHostnameAsFQDN` is true'))
  return errors
}

function validateClasses({ priorityClassName, runtimeClassName, preemptionPolicy, overhead }: PodSpec, path: FieldPath): FieldError[] {
  return [
    ...(priorityClassName ? validateName(priorityClassName, path.child('priorityClassName'), nameIsDNSSubdomain) : []),
    ...(runtimeClassName === undefined ? [] : validateName(runtimeClassName, path.child('runtimeClassName'), nameIsDNSSubdomain)),
    ...(preemptionPolicy === undefined ? [] : validateChoice(preemptionPolicy, preemptionPolicies, path.child('preemptionPolicy'))),
    ...(overhead === undefined ? [] : validateOverhead(overhead, path.child('overhead'))),
  ]
}

function validateOS(spec: PodSpec, path: FieldPath): FieldError[] {
  if (spec.os === undefined) return []
  const { name } = spec.os
  if (!name) return [required(path.child('os', 'name'), 'cannot be empty')]
  if (!operatingSystems.includes(name)) return [notSupported(path.child('os'), name, operatingSystems)]
  return validateForOS(spec, path)
}
