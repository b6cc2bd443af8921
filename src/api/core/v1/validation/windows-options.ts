import { type FieldError, type FieldPath, forbidden, invalid } from '#apimachinery/validation/field-error.ts'
import { isDNS1123Subdomain } from '#apimachinery/validation/names.ts'
import { containersOf } from '../containers.ts'
import type { PodSecurityContext, PodSpec, SecurityContext, WindowsSecurityContextOptions } from '../types.gen.ts'

const credentialSpecKiBMax = 64
const domainLengthMax = 256
const userLengthMax = 104
const netBIOSName = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const dnsName = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/

export function validateWindowsOptions(options: WindowsSecurityContextOptions | undefined, path: FieldPath): FieldError[] {
  if (options === undefined) return []
  const errors: FieldError[] = []
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options
  if (gmsaCredentialSpecName !== undefined) {
    const at = path.child('gmsaCredentialSpecName')
    errors.push(...isDNS1123Subdomain(gmsaCredentialSpecName).map(message => invalid(at, gmsaCredentialSpecName, message)))
  }
  if (gmsaCredentialSpec !== undefined) {
    const at = path.child('gmsaCredentialSpec')
    if (gmsaCredentialSpec === '') errors.push(invalid(at, gmsaCredentialSpec, 'gmsaCredentialSpec cannot be an empty string'))
    else if (Buffer.byteLength(gmsaCredentialSpec) > credentialSpecKiBMax * 1024) {
      errors.push(invalid(at, gmsaCredentialSpec, `gmsaCredentialSpec size must be under ${credentialSpecKiBMax} KiB`))
    }
  }
  if (runAsUserName !== undefined) {
    const at = path.child('runAsUserName')
    errors.push(...userNameMessages(runAsUserName).map(message => invalid(at, runAsUserName, message)))
  }
  return errors
}

function userNameMessages(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string']
  if (/\p{Cc}/u.test(name)) return ['runAsUserName cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const user = parts.at(-1)!
  const domain = parts.length === 2 ? parts[0]! : undefined
  const messages: string[] = []
  if ((domain ?? '').length >= domainLengthMax) messages.push(`runAsUserName's Domain length must be under ${domainLengthMax} characters`)
  if (domain !== undefined && !netBIOSName.test(domain) && !dnsName.test(domain)) {
    messages.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
  }
  if (user === '') messages.push("runAsUserName's User cannot be empty")
  else if (user.length > userLengthMax) messages.push(`runAsUserName's User length must not be longer than ${userLengthMax} characters`)
  if (/^[. ]+$/.test(user)) messages.push("runAsUserName's User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    messages.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`)
  }
  return messages
}

/** Either all containers are host processes, in the host's network, or none is. */
export function validateHostProcesses(spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  const containers = [...containersOf(spec, path)]
  let count = 0
  for (const { container, path: at } of containers) {
    const own = container.securityContext?.windowsOptions?.hostProcess
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`
      errors.push(invalid(at.child('securityContext', 'windowsOptions', 'hostProcess'), own, detail))
    }
    if (own ?? ofPod) count++
  }
  if (count === 0) return errors
  if (count !== containers.length) {
    errors.push(invalid(path, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'))
  }
  if (!spec.hostNetwork) {
    errors.push(invalid(path.child('hostNetwork'), false, 'hostNetwork must be true if pod contains any hostProcess containers'))
  }
  return errors
}

const podFieldsNotForWindows: readonly (keyof PodSecurityContext)[] = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
]
const containerFieldsNotForWindows: readonly (keyof SecurityContext)[] = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
]

/** What may not be set once the pod says which operating system it is for. */
export function validateForOS(spec: PodSpec, path: FieldPath): FieldError[] {
  if (spec.os?.name === 'linux') return validateForLinux(spec, path)
  if (spec.os?.name !== 'windows') return []
  const detail = 'cannot be set for a windows pod'
  const errors: FieldError[] = []
  for (const name of podFieldsNotForWindows) {
    if (spec.securityContext?.[name] !== undefined) errors.push(forbidden(path.child('securityContext', name), detail))
  }
  for (const name of ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'] as const) {
    const set = name === 'hostPID' || name === 'hostIPC' ? spec[name] === true : spec[name] !== undefined
    if (set) errors.push(forbidden(path.child(name), detail))
  }
  for (const { container, path: at } of containersOf(spec, path)) {
    for (const name of containerFieldsNotForWindows) {
      if (container.securityContext?.[name] !== undefined) errors.push(forbidden(at.child('securityContext', name), detail))
    }
  }
  return errors
}

function validateForLinux(spec: PodSpec, path: FieldPath): FieldError[] {
  const detail = 'windows options cannot be set for a linux pod'
  const holders: { context: PodSecurityContext | SecurityContext | undefined; at: FieldPath }[] = [
    { context: spec.securityContext, at: path },
    ...[...containersOf(spec, path)].map(({ container, path: at }) => ({ context: container.securityContext, at })),
  ]
  return holders
    .filter(({ context }) => context?.windowsOptions !== undefined)
    .map(({ at }) => forbidden(at.child('securityContext', 'windowsOptions'), detail))
}
