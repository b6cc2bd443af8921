import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
} from '#apimachinery/validation/field-error.ts'
import { type AnyContainer, isSidecar } from '../containers.ts'
import type { Container, EphemeralContainer, PodSpec, Volume } from '../types.gen.ts'
import { validateEnv, validateEnvFrom } from './env.ts'
import { validateDNS1123Label } from './names.ts'
import { validateContainerPorts, validateHostPortConflicts } from './ports.ts'
import { validateLifecycle, validateLivenessProbe, validateReadinessProbe, validateStartupProbe } from './probe.ts'
import { validatePullPolicy } from './pull-policy.ts'
import { validateContainerResources } from './resources.ts'
import { validateRestartRules } from './restart-rules.ts'
import { validateSecurityContext } from './security-context.ts'
import { validateVolumeDevices, validateVolumeMounts } from './volume-mount.ts'

/** What the containers of a pod are checked against. */
export interface ContainerContext {
  spec: PodSpec
  /** The valid volumes by name. */
  volumes: ReadonlyMap<string, Volume>
  /** Names of the pod's resource claims. */
  claimNames: ReadonlySet<string>
}

const messagePolicies = ['File', 'FallbackToLogsOnError']

export function validateRegularContainers(context: ContainerContext, path: FieldPath): FieldError[] {
  const { containers } = context.spec
  if ((containers ?? []).length === 0) return [required(path)]
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, container] of containers.entries()) {
    const at = path.index(index)
    errors.push(...validateContainer(container, context, at))
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name))
    names.add(container.name)
    errors.push(...validateHooksAndProbes(container, context, at))
    errors.push(...validateRestartRules(container, at, 'regular'))
  }
  return [...errors, ...validateHostPortConflicts(containers, path)]
}

export function validateInitContainers(context: ContainerContext, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set((context.spec.containers ?? []).map(({ name }) => name))
  for (const [index, container] of (context.spec.initContainers ?? []).entries()) {
    const at = path.index(index)
    errors.push(...validateContainer(container, context, at))
    errors.push(...validateRestartRules(container, at, 'init'))
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name))
    else if (container.name) names.add(container.name)
    // Init containers run one by one: only sidecars could collide, which upstream leaves to the node.
    errors.push(...validateHostPortConflicts([container], path))
    if (isSidecar(container)) errors.push(...validateHooksAndProbes(container, context, at))
    else errors.push(...forbidHooksAndProbes(container, at))
  }
  return errors
}

function validateHooksAndProbes(container: Container, { spec }: ContainerContext, at: FieldPath): FieldError[] {
  const grace = spec.terminationGracePeriodSeconds
  return [
    ...(container.lifecycle === undefined ? [] : validateLifecycle(container.lifecycle, grace, at.child('lifecycle'), spec.os?.name)),
    ...validateLivenessProbe(container.livenessProbe, grace, at.child('livenessProbe')),
    ...validateReadinessProbe(container.readinessProbe, grace, at.child('readinessProbe')),
    ...validateStartupProbe(container.startupProbe, grace, at.child('startupProbe')),
  ]
}

function forbidHooksAndProbes(container: Container, at: FieldPath): FieldError[] {
  return (['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
    .filter(name => container[name] !== undefined)
    .map(name => forbidden(at.child(name), 'may not be set for init containers without restartPolicy=Always'))
}

/** What holds for every container. */
function validateContainer(container: AnyContainer, { spec, volumes, claimNames }: ContainerContext, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!container.name) errors.push(required(path.child('name')))
  else errors.push(...validateDNS1123Label(container.name, path.child('name')))
  if (!container.image) errors.push(required(path.child('image')))
  const policy = container.terminationMessagePolicy
  if (!policy) errors.push(required(path.child('terminationMessagePolicy')))
  else if (!messagePolicies.includes(policy)) errors.push(notSupported(path.child('terminationMessagePolicy'), policy, messagePolicies))
  return [
    ...errors,
    ...validateContainerPorts(container.ports, path.child('ports')),
    ...validateEnv(container.env, path.child('env')),
    ...validateEnvFrom(container.envFrom, path.child('envFrom')),
    ...validateVolumeMounts(container, volumes, path.child('volumeMounts')),
    ...validateVolumeDevices(container, volumes, path.child('volumeDevices')),
    ...validatePullPolicy(container.imagePullPolicy, path.child('imagePullPolicy')),
    ...validateContainerResources(container.resources, claimNames, path.child('resources')),
    ...validateResizePolicy(container, spec.restartPolicy, path.child('resizePolicy')),
    ...validateSecurityContext(container.securityContext, path.child('securityContext'), spec.hostUsers !== false),
  ]
}

const resizableResources = ['cpu', 'memory']
const resizePolicies = ['NotRequired', 'RestartContainer']

function validateResizePolicy({ resizePolicy = [] }: AnyContainer, podRestartPolicy: string | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { resourceName, restartPolicy }] of resizePolicy.entries()) {
    if (seen.has(resourceName)) errors.push(duplicate(path.index(index), resourceName))
    seen.add(resourceName)
    for (const [value, supported] of [
      [resourceName, resizableResources],
      [restartPolicy, resizePolicies],
    ] as const) {
      if (!value) errors.push(required(path))
      else if (!supported.includes(value)) errors.push(notSupported(path, value, supported))
    }
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(path, restartPolicy ?? '', "must be 'NotRequired' when `restartPolicy` is 'Never'"))
    }
  }
  return errors
}

/** Fields that an ephemeral container, being a visitor, may not have. */
const notForEphemeral: readonly (keyof EphemeralContainer)[] = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
]

export function validateEphemeralContainers(context: ContainerContext, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { spec } = context
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name))
  const names = new Set(others)
  for (const [index, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = path.index(index)
    errors.push(...validateContainer(container, context, at), ...validateImageSpacing(container, at))
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name))
    names.add(container.name)
    const target = container.targetContainerName
    if (target && !others.has(target)) errors.push(notFound(at.child('targetContainerName'), target))
    for (const name of notForEphemeral) {
      if (isSet(container[name])) errors.push(forbidden(at.child(name), 'cannot be set for an Ephemeral Container'))
    }
    for (const [mountIndex, mount] of (container.volumeMounts ?? []).entries()) {
      for (const name of ['subPath', 'subPathExpr'] as const) {
        if (!mount[name]) continue
        errors.push(forbidden(at.child('volumeMounts').index(mountIndex).child(name), 'cannot be set for an Ephemeral Container'))
      }
    }
  }
  return errors
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}

/** Only in pods: templates keep old tokens with spaces. */
export function validateImageSpacing({ image = '' }: AnyContainer, path: FieldPath): FieldError[] {
  return image === image.trim() ? [] : [invalid(path.child('image'), image, 'must not have leading or trailing whitespace')]
}
