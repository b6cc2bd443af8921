import { type FieldError, type FieldPath, invalid, notSupported, required } from '#apimachinery/validation/field-error.ts'
import { isConfigMapKey, isRelaxedEnvVarName, nameIsDNSSubdomain } from '#apimachinery/validation/names.ts'
import type { EnvFromSource, EnvVar, EnvVarSource, FileKeySelector, ObjectFieldSelector, ResourceFieldSelector } from '../types.gen.ts'
import { validateLocalNonReservedPath } from './paths.ts'
import { validateDivisor } from './resources.ts'
import { validateName, validateQualifiedName } from './names.ts'

/** Field paths of the downward API in environment variables, sorted. */
const envFieldPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
/** Field paths of the downward API in volumes, sorted. */
export const volumeFieldPaths = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid']
/** What the conversion of field labels knows at all. */
const convertibleFieldPaths = new Set([
  ...envFieldPaths,
  ...volumeFieldPaths,
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.hostNetwork',
  'status.phase',
  'status.nominatedNodeName',
])

const containerResources = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]

export function validateEnv(vars: readonly EnvVar[] | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, variable] of (vars ?? []).entries()) {
    const at = path.index(index)
    if (!variable.name) errors.push(required(at.child('name')))
    else for (const message of isRelaxedEnvVarName(variable.name)) errors.push(invalid(at.child('name'), variable.name, message))
    if (variable.valueFrom !== undefined) errors.push(...validateValueFrom(variable, variable.valueFrom, at.child('valueFrom')))
  }
  return errors
}

function validateValueFrom(variable: EnvVar, source: EnvVarSource, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source
  if (fieldRef !== undefined) errors.push(...validateFieldSelector(fieldRef, envFieldPaths, path.child('fieldRef')))
  if (resourceFieldRef !== undefined) errors.push(...validateResourceFieldSelector(resourceFieldRef, path.child('resourceFieldRef'), false))
  if (configMapKeyRef !== undefined) errors.push(...validateKeySelector(configMapKeyRef, path.child('configMapKeyRef')))
  if (secretKeyRef !== undefined) errors.push(...validateKeySelector(secretKeyRef, path.child('secretKeyRef')))
  if (fileKeyRef !== undefined) errors.push(...validateFileKeySelector(fileKeyRef, path.child('fileKeyRef')))
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(item => item !== undefined).length
  if (count === 0) {
    errors.push(invalid(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'))
  } else if (variable.value) {
    errors.push(invalid(path, '', 'may not be specified when `value` is not empty'))
  } else if (count > 1) {
    errors.push(invalid(path, '', 'may not have more than one field specified at a time'))
  }
  return errors
}

function validateKeySelector({ name = '', key }: { name?: string | undefined; key: string }, path: FieldPath): FieldError[] {
  const errors = validateName(name, path.child('name'), nameIsDNSSubdomain)
  if (!key) return [...errors, required(path.child('key'))]
  return [...errors, ...isConfigMapKey(key).map(message => invalid(path.child('key'), key, message))]
}

function validateFileKeySelector(selector: FileKeySelector, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!selector.key) errors.push(required(path.child('key')))
  else for (const message of isRelaxedEnvVarName(selector.key)) errors.push(invalid(path.child('key'), selector.key, message))
  if (!selector.volumeName) errors.push(required(path.child('volumeName')))
  if (!selector.path) errors.push(required(path.child('path')))
  else errors.push(...validateLocalNonReservedPath(selector.path, path.child('path')))
  return errors
}

const subscripted = /^(.*)\['([^']*)'\]$/

/** A field of the pod that the downward API offers; `supported` are those without subscript. */
export function validateFieldSelector(selector: ObjectFieldSelector, supported: readonly string[], path: FieldPath): FieldError[] {
  const { apiVersion, fieldPath } = selector
  if (!apiVersion) return [required(path.child('apiVersion'))]
  if (!fieldPath) return [required(path.child('fieldPath'))]
  const match = subscripted.exec(fieldPath)
  const base = match?.[1] ?? fieldPath
  if (apiVersion !== 'v1') {
    return [invalid(path.child('fieldPath'), fieldPath, `error converting fieldPath: unsupported pod version: ${apiVersion}`)]
  }
  if (match !== null) {
    if (base === 'metadata.annotations') return validateQualifiedName(match[2]!.toLowerCase(), path)
    if (base === 'metadata.labels') return validateQualifiedName(match[2]!, path)
    return [invalid(path.child('fieldPath'), fieldPath, `error converting fieldPath: field label does not support subscript: ${base}`)]
  }
  if (!convertibleFieldPaths.has(base) && !supported.includes(base)) {
    return [invalid(path.child('fieldPath'), fieldPath, `error converting fieldPath: field label not supported: ${base}`)]
  }
  return supported.includes(base) ? [] : [notSupported(path.child('fieldPath'), base, supported)]
}

/** A request or limit of a container. In volumes the container must be named. */
export function validateResourceFieldSelector(selector: ResourceFieldSelector, path: FieldPath, inVolume: boolean): FieldError[] {
  const errors: FieldError[] = []
  const { resource } = selector
  if (inVolume && !selector.containerName) errors.push(required(path.child('containerName')))
  else if (!resource) errors.push(required(path.child('resource')))
  else if (!containerResources.includes(resource) && !/^(requests|limits)\.hugepages-/.test(resource)) {
    errors.push(notSupported(path.child('resource'), resource, containerResources))
  }
  return [...errors, ...validateDivisor(resource ?? '', selector.divisor, path.child('divisor'))]
}

export function validateEnvFrom(sources: readonly EnvFromSource[] | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, { prefix, configMapRef, secretRef }] of (sources ?? []).entries()) {
    const at = path.index(index)
    if (prefix) for (const message of isRelaxedEnvVarName(prefix)) errors.push(invalid(at.child('prefix'), prefix, message))
    if (configMapRef !== undefined) errors.push(...validateEnvSourceName(configMapRef.name, at.child('configMapRef', 'name')))
    if (secretRef !== undefined) errors.push(...validateEnvSourceName(secretRef.name, at.child('secretRef', 'name')))
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'))
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(invalid(path, '', 'may not have more than one field specified at a time'))
    }
  }
  return errors
}

function validateEnvSourceName(name: string | undefined, path: FieldPath): FieldError[] {
  return name ? validateName(name, path, nameIsDNSSubdomain, true) : [required(path)]
}
