import { duplicate, type FieldError, type FieldPath, forbidden, invalid, path as pathOf } from '#apimachinery/validation/field-error.ts'
import { ipFamilyOf, isValidGroupID, isValidUserID, nameIsDNSSubdomain } from '#apimachinery/validation/names.ts'
import { isSidecar } from '../containers.ts'
import type { ContainerStatus, Pod, PodSpec } from '../types.gen.ts'
import { validateIP } from './dns.ts'
import { validateCoreMetaUpdate, validateImmutable, validateName, validateQualifiedName } from './names.ts'
import { validatePodAnnotationsUpdate } from './pod-annotations.ts'

const statusPath = pathOf('status')
const systemConditions = new Set(['PodScheduled', 'Ready', 'Initialized'])

/** What writers of the status may not do: mostly bring stopped containers back to life. */
export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors = [
    ...validateCoreMetaUpdate(pod.metadata, old.metadata),
    ...validatePodAnnotationsUpdate(pod.metadata, old.metadata, pod.spec, pathOf('metadata', 'annotations')),
  ]
  const status = pod.status ?? {}
  const oldStatus = old.status ?? {}
  for (const [index, { type }] of (status.conditions ?? []).entries()) {
    if (systemConditions.has(type)) continue
    errors.push(...validateQualifiedName(type, pathOf('metadata', 'conditions').index(index).child('Type')))
  }
  if ((pod.spec.nodeName ?? '') !== (old.spec.nodeName ?? '')) {
    errors.push(forbidden(statusPath.child('nodeName'), 'may not be changed directly'))
  }
  const nominated = status.nominatedNodeName
  if (nominated && nominated !== oldStatus.nominatedNodeName) {
    errors.push(...validateName(nominated, statusPath.child('nominatedNodeName'), nameIsDNSSubdomain))
  }
  errors.push(...validateImmutable(status.qosClass, oldStatus.qosClass, statusPath.child('qosClass')))
  for (const list of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const) {
    errors.push(...validateTransitions(status[list] ?? [], oldStatus[list] ?? [], statusPath.child(list), mayRestart(list, old.spec)))
    errors.push(...validateUsers(status[list] ?? [], statusPath.child(list)))
  }
  errors.push(...validateClaimStatuses(pod))
  errors.push(...validateIPs(status.podIPs, statusPath.child('podIPs')))
  if (status.hostIPs?.[0] !== undefined && status.hostIP !== status.hostIPs[0].ip) {
    errors.push(invalid(statusPath.child('hostIPs').index(0).child('ip'), status.hostIPs[0].ip, 'must be equal to `hostIP`'))
  }
  return [...errors, ...validateIPs(status.hostIPs, statusPath.child('hostIPs'))]
}

/** Whether a stopped container of that list may run again, by its own policy or the pod's. */
function mayRestart(list: string, spec: PodSpec): (status: ContainerStatus) => boolean {
  if (list === 'ephemeralContainerStatuses') return () => false
  const containers = list === 'containerStatuses' ? spec.containers : (spec.initContainers ?? [])
  return ({ name, state }) => {
    const container = containers.find(item => item.name === name)
    if (isSidecar(container)) return true
    if (container?.restartPolicyRules?.length) return true
    const policy = container?.restartPolicy ?? spec.restartPolicy
    return policy === 'Always' || (policy === 'OnFailure' && state?.terminated?.exitCode !== 0)
  }
}

function validateTransitions(
  now: readonly ContainerStatus[],
  old: readonly ContainerStatus[],
  path: FieldPath,
  restarts: (status: ContainerStatus) => boolean,
): FieldError[] {
  return old.flatMap((before, index) => {
    if (before.state?.terminated === undefined || restarts(before)) return []
    const revived = now.some(({ name, state }) => name === before.name && state?.terminated === undefined)
    return revived ? [forbidden(path.index(index).child('state'), 'may not be transitioned to non-terminated state')] : []
  })
}

function validateUsers(statuses: readonly ContainerStatus[], path: FieldPath): FieldError[] {
  return statuses.flatMap(({ user }, index) => {
    if (user?.linux === undefined) return []
    const at = path.index(index).child('linux')
    const { uid, gid, supplementalGroups } = user.linux
    return [
      ...isValidUserID(uid ?? 0).map(message => invalid(at.child('uid'), uid, message)),
      ...isValidGroupID(gid ?? 0).map(message => invalid(at.child('gid'), gid, message)),
      ...(supplementalGroups ?? []).flatMap((group, g) =>
        isValidGroupID(group).map(message => invalid(at.child('supplementalGroups').index(g), group, message)),
      ),
    ]
  })
}

function validateClaimStatuses({ spec, status }: Pod): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { name, resourceClaimName }] of (status?.resourceClaimStatuses ?? []).entries()) {
    const at = statusPath.child('resourceClaimStatuses').index(index).child('name')
    if (!spec.resourceClaims?.some(claim => claim.name === name)) {
      errors.push(invalid(at, name, 'must match the name of an entry in `spec.resourceClaims`'))
    }
    if (seen.has(name)) errors.push(duplicate(at, name))
    seen.add(name)
    if (resourceClaimName !== undefined) errors.push(...validateName(resourceClaimName, at, nameIsDNSSubdomain))
  }
  return errors
}

/** At most one address of each family. */
function validateIPs(addresses: readonly { ip: string }[] | undefined, path: FieldPath): FieldError[] {
  const list = addresses ?? []
  const errors = list.flatMap(({ ip }, index) => validateIP(ip, path.index(index)))
  if (list.length < 2) return errors
  const families = new Set(list.map(({ ip }) => ipFamilyOf(ip)))
  if (families.size !== 2 || list.length > 2) errors.push(invalid(path, list, 'may specify no more than one IP for each IP family'))
  for (const [index, { ip }] of list.entries()) {
    if (list.findIndex(other => other.ip === ip) < index) errors.push(duplicate(path.index(index), list[index]))
  }
  return errors
}
