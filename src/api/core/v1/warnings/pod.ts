import { type FieldPath, path as pathOf } from '#apimachinery/validation/field-error.ts'
import { isDNS1123Label } from '#apimachinery/validation/names.ts'
import { quote } from '#apimachinery/text/quote.ts'
import type { ObjectMeta } from '#apimachinery/meta/v1/types.gen.ts'
import { type AnyContainer, containersOf, type PlacedContainer } from '../containers.ts'
import { tryParse } from '../resource-list.ts'
import type { ContainerPort, PodAffinityTerm, PodSpec } from '../types.gen.ts'
import { appArmorAnnotationPrefix, seccompContainerAnnotationPrefix, seccompPodAnnotation } from '../well-known.ts'
import { deprecatedNodeLabel, warningsForNodeSelectorTerm } from './node-labels.ts'
import { warningsForVolumes } from './volume.ts'

const deprecatedAnnotations: Record<string, string> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}
const useSeccompField = 'non-functional in v1.27+; use the "seccompProfile" field instead'

/** What a user should know about a pod that is accepted. */
export function warningsForPod(metadata: ObjectMeta, spec: PodSpec): string[] {
  const messages = isDNS1123Label(metadata.name)
  const hostname = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
  const name = messages.length === 0 ? [] : [`metadata.name: ${hostname}: [${messages.join(' ')}]`]
  return [...name, ...warningsForPodSpec(metadata, spec, pathOf(), false)]
}

/** As `warningsForPod` for a pod template: `path` is the template's. */
export function warningsForPodTemplate(metadata: ObjectMeta, spec: PodSpec, path: FieldPath): string[] {
  return warningsForPodSpec(metadata, spec, path, true)
}

function warningsForPodSpec(metadata: ObjectMeta, spec: PodSpec, path: FieldPath, isTemplate: boolean): string[] {
  const specPath = path.child('spec')
  const warnings = [
    ...warningsForScheduling(spec, specPath),
    ...warningsForAnnotations(metadata, path),
    ...warningsForVolumes(spec.volumes ?? [], specPath.child('volumes')),
    ...warningsForLists(spec, specPath),
  ]
  for (const name of ['memory', 'ephemeral-storage']) warnings.push(...fractional(spec.overhead, name, specPath.child('overhead')))
  const annotationsPath = path.child('metadata', 'annotations')
  if (spec.securityContext?.seccompProfile === undefined && metadata.annotations?.[seccompPodAnnotation] !== undefined) {
    warnings.push(`${annotationsPath.key(seccompPodAnnotation)}: ${useSeccompField}`)
  }
  const containers = [...containersOf(spec, specPath)]
  for (const { container, path: at } of containers) {
    warnings.push(...warningsForProfiles(container, metadata, spec, annotationsPath, isTemplate))
    for (const list of ['limits', 'requests'] as const) {
      warnings.push(...fractional(container.resources?.[list], 'memory', at.child('resources', list)))
    }
    for (const list of ['limits', 'requests'] as const) {
      warnings.push(...fractional(container.resources?.[list], 'ephemeral-storage', at.child('resources', list)))
    }
    warnings.push(...warningsForEnv(container, at.child('env')))
  }
  warnings.push(...warningsForPorts(containers))
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    warnings.push(`${specPath.child('terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1`)
  }
  return [...warnings, ...warningsForPodAffinity(spec, specPath.child('affinity'))]
}

function warningsForScheduling(spec: PodSpec, path: FieldPath): string[] {
  const warnings: string[] = []
  for (const label of Object.keys(spec.nodeSelector ?? {})) {
    const message = deprecatedNodeLabel(label)
    if (message !== undefined) warnings.push(`${path.child('nodeSelector').key(label)}: ${message}`)
  }
  const affinity = spec.affinity?.nodeAffinity
  const at = path.child('affinity', 'nodeAffinity')
  const hardPath = at.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms')
  for (const [index, term] of (affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).entries()) {
    warnings.push(...warningsForNodeSelectorTerm(term, hardPath.index(index), false))
  }
  const softPath = at.child('preferredDuringSchedulingIgnoredDuringExecution')
  for (const [index, { preference }] of (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    warnings.push(...warningsForNodeSelectorTerm(preference, softPath.index(index).child('preference'), true))
  }
  for (const [index, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const constraint = path.child('topologySpreadConstraints').index(index)
    const message = deprecatedNodeLabel(topologyKey)
    if (message !== undefined) warnings.push(`${constraint.child('topologyKey')}: ${topologyKey} is ${message}`)
    if (labelSelector === undefined) warnings.push(nullSelector(constraint.child('labelSelector')))
  }
  return warnings
}

function nullSelector(path: FieldPath): string {
  return `${path}: a null labelSelector results in matching no pod`
}

function warningsForPodAffinity({ affinity }: PodSpec, path: FieldPath): string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap(name => {
    const at = path.child(name)
    const check = (term: PodAffinityTerm, termPath: FieldPath) =>
      term.labelSelector === undefined ? [nullSelector(termPath.child('labelSelector'))] : []
    const { requiredDuringSchedulingIgnoredDuringExecution: hard, preferredDuringSchedulingIgnoredDuringExecution: soft } =
      affinity?.[name] ?? {}
    return [
      ...(hard ?? []).flatMap((term, index) => check(term, at.child('requiredDuringSchedulingIgnoredDuringExecution').index(index))),
      ...(soft ?? []).flatMap(({ podAffinityTerm }, index) =>
        check(podAffinityTerm, at.child('preferredDuringSchedulingIgnoredDuringExecution').index(index).child('podAffinityTerm')),
      ),
    ]
  })
}

function warningsForAnnotations({ annotations }: ObjectMeta, path: FieldPath): string[] {
  return Object.entries(deprecatedAnnotations)
    .filter(([key]) => annotations?.[key] !== undefined)
    .map(([key, message]) => `${path.child('metadata', 'annotations').key(key)}: ${message}`)
}

function warningsForLists(spec: PodSpec, path: FieldPath): string[] {
  const warnings: string[] = []
  const tellRepeats = (values: string[], at: (index: number) => FieldPath, what: string) => {
    for (const [index, value] of values.entries()) {
      if (values.indexOf(value) < index) warnings.push(`${at(index)}: duplicate ${what} ${quote(value)}`)
    }
  }
  const secrets = (spec.imagePullSecrets ?? []).map(({ name }) => name ?? '')
  const secretPath = (index: number) => path.child('imagePullSecrets').index(index).child('name')
  tellRepeats(
    (spec.hostAliases ?? []).map(({ ip }) => ip),
    index => path.child('hostAliases').index(index).child('ip'),
    'ip',
  )
  tellRepeats(secrets, secretPath, 'name')
  for (const [index, name] of secrets.entries()) if (name === '') warnings.push(`${secretPath(index)}: invalid empty name ""`)
  return warnings
}

/** Bytes come whole. */
function fractional(list: Record<string, string> | undefined, name: string, path: FieldPath): string[] {
  const quantity = list?.[name] === undefined ? undefined : tryParse(list[name])
  if (quantity === undefined || quantity.nanos % 1_000_000_000n === 0n) return []
  return [`${path.key(name)}: fractional byte value ${quote(quantity.toString())} is invalid, must be an integer`]
}

function warningsForProfiles(
  container: AnyContainer,
  { annotations }: ObjectMeta,
  spec: PodSpec,
  path: FieldPath,
  isTemplate: boolean,
): string[] {
  const warnings: string[] = []
  const seccomp = `${seccompContainerAnnotationPrefix}${container.name}`
  if (container.securityContext?.seccompProfile === undefined && annotations?.[seccomp] !== undefined) {
    warnings.push(`${path.key(seccomp)}: ${useSeccompField}`)
  }
  const appArmor = `${appArmorAnnotationPrefix}${container.name}`
  const hasField = (container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile) !== undefined
  if (isTemplate && !hasField && annotations?.[appArmor] !== undefined) {
    warnings.push(`${path.key(appArmor)}: deprecated since v1.30; use the "appArmorProfile" field instead`)
  }
  return warnings
}

/** A second variable of a name is fine only if it is made from the first. */
function warningsForEnv({ env = [] }: AnyContainer, path: FieldPath): string[] {
  const seen = new Set<string>()
  return env.flatMap(({ name, value = '', valueFrom }, index) => {
    const isFirst = !seen.has(name)
    seen.add(name)
    const reference = `$(${name})`
    if (isFirst || (valueFrom === undefined && value !== reference && value.includes(reference))) return []
    return [`${path.index(index)}: hides previous definition of ${quote(name)}, which may be dropped when using apply`]
  })
}

function warningsForPorts(containers: readonly PlacedContainer[]): string[] {
  const warnings: string[] = []
  const seen = new Map<string, { port: ContainerPort; at: FieldPath }[]>()
  for (const { container, path } of containers) {
    for (const [index, port] of (container.ports ?? []).entries()) {
      const at = path.child('ports').index(index)
      if (port.hostIP && !port.hostPort) warnings.push(`${at}: hostIP set without hostPort: ${describePort(port)}`)
      const key = `${port.containerPort}/${port.protocol}`
      const others = seen.get(key) ?? []
      for (const other of others) {
        const relation = relationOf(port, other.port)
        if (relation !== undefined) warnings.push(`${at}: ${relation} port definition with ${other.at}`)
      }
      seen.set(key, [...others, { port, at }])
    }
  }
  return warnings
}

function describePort({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`
}

function relationOf(a: ContainerPort, b: ContainerPort): string | undefined {
  const [portA, portB] = [a.hostPort ?? 0, b.hostPort ?? 0]
  const [ipA, ipB] = [a.hostIP ?? '', b.hostIP ?? '']
  if (portA === portB && ipA === ipB) return 'duplicate'
  if (portA === 0 || portB === 0) return 'overlapping'
  return portA === portB && (ipA === '') !== (ipB === '') ? 'dangerously ambiguous' : undefined
}
