import { ownField } from '#apimachinery/value/own-field.ts'
import type { ConfigMap, Container, EnvVar, Pod, Secret } from '#api/core/v1/types.gen.ts'
import { expandVariables } from './expansion.ts'
import { type FieldFacts, fieldValue, resourceFieldValue } from './field-ref.ts'

export interface EnvironmentInput {
  pod: Pod
  container: Container
  facts: FieldFacts
  /** Variables of the visible services. */
  services: Record<string, string>
  /** Objects of the pod's namespace; undefined when there is none of that name. */
  configMap: (name: string) => Promise<ConfigMap | undefined>
  secret: (name: string) => Promise<Secret | undefined>
}

export interface Environment {
  variables: { name: string; value: string }[]
  /** Keys of `envFrom` sources that are no variable names: for an event. */
  warnings: { reason: string; message: string }[]
}

/** A container cannot be created as its spec says; the message is what users see (CreateContainerConfigError). */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError'
}

/** The variables of a container: services first, then `envFrom`, then `env`, which may refer to what comes before. */
export async function containerEnvironment(input: EnvironmentInput): Promise<Environment> {
  const { container, services } = input
  const result = new Map<string, string>()
  const warnings: Environment['warnings'] = []
  await addSources(input, result, warnings)
  const lookUp = (name: string) => result.get(name) ?? services[name]
  for (const variable of container.env ?? []) {
    const value = await valueOf(input, variable, lookUp)
    // A missing optional key leaves the variable unset.
    if (value !== undefined) result.set(variable.name, value)
  }
  for (const name in services) if (!result.has(name)) result.set(name, services[name]!)
  return { variables: [...result].map(([name, value]) => ({ name, value })), warnings }
}

async function addSources(input: EnvironmentInput, result: Map<string, string>, warnings: Environment['warnings']): Promise<void> {
  for (const { prefix = '', configMapRef, secretRef } of input.container.envFrom ?? []) {
    const kind = configMapRef !== undefined ? 'ConfigMap' : 'Secret'
    const ref = configMapRef ?? secretRef
    if (ref?.name === undefined) continue
    const entries = kind === 'ConfigMap' ? (await input.configMap(ref.name))?.data : await secretEntries(input, ref.name)
    if (entries === undefined && (await exists(input, kind, ref.name)) === false) {
      if (ref.optional === true) continue
      throw new ContainerConfigError(`${kind.toLowerCase()} "${ref.name}" not found`)
    }
    const invalid: string[] = []
    for (const [key, value] of Object.entries(entries ?? {}).sort(byKey)) {
      const name = prefix + key
      if (isVariableName(name)) result.set(name, value)
      else invalid.push(name)
    }
    if (invalid.length > 0) {
      const source = `${input.pod.metadata.namespace}/${ref.name}`
      const message = `Keys [${invalid.join(', ')}] from the EnvFrom ${kind === 'ConfigMap' ? 'configMap' : 'secret'} ${source} were skipped since they are considered invalid environment variable names.`
      warnings.push({ reason: 'InvalidEnvironmentVariableNames', message })
    }
  }
}

async function exists(input: EnvironmentInput, kind: 'ConfigMap' | 'Secret', name: string): Promise<boolean> {
  return (kind === 'ConfigMap' ? await input.configMap(name) : await input.secret(name)) !== undefined
}

async function secretEntries(input: EnvironmentInput, name: string): Promise<Record<string, string> | undefined> {
  const secret = await input.secret(name)
  if (secret === undefined) return undefined
  return Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
}

function byKey([a]: [string, string], [b]: [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Relaxed names (KEP-4369): printable ASCII without `=`. */
function isVariableName(name: string): boolean {
  return name !== '' && /^[ -<>-~]+$/.test(name)
}

async function valueOf(
  input: EnvironmentInput,
  variable: EnvVar,
  lookUp: (name: string) => string | undefined,
): Promise<string | undefined> {
  const { pod, container, facts } = input
  const from = variable.valueFrom
  if (from === undefined) return expandVariables(variable.value ?? '', lookUp)
  const namespace = pod.metadata.namespace ?? ''
  if (from.fieldRef !== undefined) return fieldValue(pod, from.fieldRef.fieldPath, facts)
  if (from.resourceFieldRef !== undefined) return resourceFieldValue(pod, container, from.resourceFieldRef, facts.allocatable)
  if (from.configMapKeyRef !== undefined) {
    const { name = '', key, optional } = from.configMapKeyRef
    const configMap = await input.configMap(name)
    const value = ownField(configMap?.data, key)
    if (value !== undefined || optional === true) return value
    if (configMap === undefined) throw new ContainerConfigError(`configmap "${name}" not found`)
    throw new ContainerConfigError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`)
  }
  if (from.secretKeyRef !== undefined) {
    const { name = '', key, optional } = from.secretKeyRef
    const secret = await input.secret(name)
    const value = ownField(secret?.data, key)
    if (value !== undefined) return Buffer.from(value, 'base64').toString()
    if (optional === true) return undefined
    if (secret === undefined) throw new ContainerConfigError(`secret "${name}" not found`)
    throw new ContainerConfigError(`couldn't find key ${key} in Secret ${namespace}/${name}`)
  }
  throw new ContainerConfigError(`environment variable ${variable.name} has a source that this kubelet does not know`)
}
