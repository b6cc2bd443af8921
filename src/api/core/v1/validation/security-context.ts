import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from '#apimachinery/validation/field-error.ts'
import { isValidGroupID, isValidUserID } from '#apimachinery/validation/names.ts'
import type { AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext } from '../types.gen.ts'
import { validateLocalDescendingPath } from './paths.ts'
import { validateWindowsOptions } from './windows-options.ts'

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined']
const localhostProfileBytesMax = 4095

export function validatePodSecurityContext(spec: PodSpec, path: FieldPath): FieldError[] {
  const context = spec.securityContext
  if (context === undefined) return []
  const errors: FieldError[] = []
  const checkID = (id: number | undefined, at: FieldPath, validate: (id: number) => string[]) => {
    if (id !== undefined) errors.push(...validate(id).map(message => invalid(at, id, message)))
  }
  checkID(context.fsGroup, path.child('fsGroup'), isValidGroupID)
  checkID(context.runAsUser, path.child('runAsUser'), isValidUserID)
  checkID(context.runAsGroup, path.child('runAsGroup'), isValidGroupID)
  for (const [index, gid] of (context.supplementalGroups ?? []).entries()) {
    checkID(gid, path.child('supplementalGroups').index(index), isValidGroupID)
  }
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    errors.push(invalid(path.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'))
  }
  errors.push(...validateSysctls(spec, context, path.child('sysctls')))
  errors.push(...validateOneOf(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], path.child('fsGroupChangePolicy')))
  errors.push(...validateSeccompProfile(context.seccompProfile, path.child('seccompProfile')))
  errors.push(...validateWindowsOptions(context.windowsOptions, path.child('windowsOptions')))
  errors.push(...validateAppArmorProfile(context.appArmorProfile, path.child('appArmorProfile')))
  errors.push(...validateOneOf(context.supplementalGroupsPolicy, ['Merge', 'Strict'], path.child('supplementalGroupsPolicy')))
  return [...errors, ...validateOneOf(context.seLinuxChangePolicy, ['MountOption', 'Recursive'], path.child('seLinuxChangePolicy'))]
}

function validateOneOf(value: string | undefined, supported: string[], path: FieldPath): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(path, value, supported)]
}

const sysctlSource = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'
const sysctlPattern = new RegExp(sysctlSource)
const sysctlLengthMax = 253
/** Sysctls that belong to the IPC namespace; those of the network all start with `net.`. */
const ipcSysctls = /^(kernel\.shm|kernel\.msg|fs\.mqueue\.|kernel\.sem$)/

function validateSysctls(spec: PodSpec, context: PodSecurityContext, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, { name = '' }] of (context.sysctls ?? []).entries()) {
    const at = path.index(index).child('name')
    if (name === '') errors.push(required(at))
    else if (name.length > sysctlLengthMax || !sysctlPattern.test(name)) {
      errors.push(invalid(at, name, `must have at most ${sysctlLengthMax} characters and match regex ${sysctlSource}`))
    } else if (names.has(name)) errors.push(duplicate(at, name))
    names.add(name)
    const dotted = name.replaceAll('/', '.')
    if (spec.hostNetwork && dotted.startsWith('net.')) errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"))
    else if (spec.hostIPC && ipcSysctls.test(dotted)) errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"))
  }
  return errors
}

/** `hostUsers`: whether the pod shares the node's user namespace. */
export function validateSecurityContext(context: SecurityContext | undefined, path: FieldPath, hostUsers: boolean): FieldError[] {
  if (context === undefined) return []
  const errors: FieldError[] = []
  const { runAsUser, runAsGroup, procMount, privileged, capabilities, allowPrivilegeEscalation } = context
  if (runAsUser !== undefined) errors.push(...isValidUserID(runAsUser).map(message => invalid(path.child('runAsUser'), runAsUser, message)))
  if (runAsGroup !== undefined) {
    errors.push(...isValidGroupID(runAsGroup).map(message => invalid(path.child('runAsGroup'), runAsGroup, message)))
  }
  errors.push(...validateOneOf(procMount, ['Default', 'Unmasked'], path.child('procMount')))
  if (procMount === 'Unmasked' && hostUsers) {
    errors.push(invalid(path.child('procMount'), procMount, '`hostUsers` must be false to use `Unmasked`'))
  }
  errors.push(...validateSeccompProfile(context.seccompProfile, path.child('seccompProfile')))
  if (allowPrivilegeEscalation === false) {
    if (privileged === true) errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
    if (capabilities?.add?.includes('CAP_SYS_ADMIN')) {
      errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'))
    }
  }
  errors.push(...validateWindowsOptions(context.windowsOptions, path.child('windowsOptions')))
  return [...errors, ...validateAppArmorProfile(context.appArmorProfile, path.child('appArmorProfile'))]
}

function validateSeccompProfile(profile: SeccompProfile | undefined, path: FieldPath): FieldError[] {
  if (profile === undefined) return []
  const { type, localhostProfile } = profile
  const errors: FieldError[] = []
  if (!type) errors.push(required(path.child('type'), 'type is required when seccompProfile is set'))
  else if (!profileTypes.includes(type)) errors.push(notSupported(path.child('type'), type, profileTypes))
  const at = path.child('localhostProfile')
  if (type === 'Localhost') {
    if (localhostProfile === undefined) errors.push(required(at, 'must be set when seccomp type is Localhost'))
    else errors.push(...validateLocalDescendingPath(localhostProfile, at))
  } else if (localhostProfile !== undefined) {
    errors.push(invalid(at, profile, 'can only be set when seccomp type is Localhost'))
  }
  return errors
}

export function validateAppArmorProfile(profile: AppArmorProfile | undefined, path: FieldPath): FieldError[] {
  if (profile === undefined) return []
  const { type, localhostProfile } = profile
  const at = path.child('localhostProfile')
  if (!type) return [required(path.child('type'), 'type is required when appArmorProfile is set')]
  if (!profileTypes.includes(type)) return [notSupported(path.child('type'), type, profileTypes)]
  if (type !== 'Localhost') {
    return localhostProfile === undefined ? [] : [invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost')]
  }
  const missing = required(at, 'must be set when AppArmor type is Localhost')
  if (localhostProfile === undefined) return [missing]
  const errors: FieldError[] = []
  if (localhostProfile.trim() !== localhostProfile) errors.push(invalid(at, localhostProfile, 'must not be padded with whitespace'))
  else if (localhostProfile === '') errors.push(missing)
  if (Buffer.byteLength(localhostProfile) > localhostProfileBytesMax) errors.push(tooLong(at, '', localhostProfileBytesMax))
  return errors
}

/** A user namespace of its own excludes the node's other namespaces (KEP-127). */
export function validateHostUsers(spec: PodSpec, path: FieldPath): FieldError[] {
  if (spec.hostUsers !== false) return []
  const detail = 'when `hostUsers` is false'
  const errors: FieldError[] = []
  if (spec.hostNetwork) errors.push(forbidden(path.child('hostNetwork'), detail))
  if (spec.hostPID) errors.push(forbidden(path.child('hostPID'), detail))
  if (spec.hostIPC) errors.push(forbidden(path.child('hostIPC'), detail))
  for (const [index, { volumeDevices }] of spec.containers.entries()) {
    if (volumeDevices?.length) errors.push(forbidden(path.child('containers').index(index).child('volumeDevices'), detail))
  }
  return errors
}
