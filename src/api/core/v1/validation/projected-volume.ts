import { type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '#apimachinery/validation/field-error.ts'
import { validateLabelSelector } from './label-selector.ts'
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../types.gen.ts'
import { validateFieldSelector, validateResourceFieldSelector, volumeFieldPaths } from './env.ts'
import { validateFileMode, validateKeysToPaths, validateLocalNonReservedPath } from './paths.ts'

const tokenSecondsMin = 600
const tokenSecondsMax = 2 ** 32

export function validateProjectedVolume(source: ProjectedVolumeSource, path: FieldPath): FieldError[] {
  const errors = validateFileMode(source.defaultMode, path.child('defaultMode'))
  const taken = new Set<string>()
  const take = (target: string | undefined, shown: string) => {
    if (!target) return
    if (taken.has(target)) errors.push(invalid(path, shown, 'conflicting duplicate paths'))
    taken.add(target)
  }
  for (const [index, item] of (source.sources ?? []).entries()) {
    const at = path.child('sources').index(index)
    errors.push(...validateProjection(item, path, at))
    for (const file of item.secret?.items ?? []) take(file.path, item.secret?.name ?? '')
    for (const file of item.configMap?.items ?? []) take(file.path, item.configMap?.name ?? '')
    for (const file of item.downwardAPI?.items ?? []) take(file.path, file.path)
    take(item.clusterTrustBundle?.path, item.clusterTrustBundle?.path ?? '')
    const { credentialBundlePath, keyPath, certificateChainPath } = item.podCertificate ?? {}
    for (const target of [credentialBundlePath, keyPath, certificateChainPath]) take(target, target ?? '')
    if (Object.values(item).filter(value => value !== undefined).length > 1) {
      errors.push(forbidden(at, 'may not specify more than 1 volume type per source'))
    }
  }
  return errors
}

function validateProjection(item: VolumeProjection, volumePath: FieldPath, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const type of ['secret', 'configMap'] as const) {
    const source = item[type]
    if (source === undefined) continue
    if (!source.name) errors.push(required(path.child(type, 'name')))
    errors.push(...validateKeysToPaths(source.items, path.child(type, 'items')))
  }
  if (item.downwardAPI !== undefined) errors.push(...validateDownwardAPIFiles(item.downwardAPI.items, path.child('downwardAPI')))
  if (item.serviceAccountToken !== undefined)
    errors.push(...validateToken(item.serviceAccountToken, volumePath, path.child('serviceAccountToken')))
  if (item.clusterTrustBundle !== undefined) errors.push(...validateTrustBundle(item.clusterTrustBundle, path.child('clusterTrustBundle')))
  if (item.podCertificate !== undefined) errors.push(...validatePodCertificate(item.podCertificate, path.child('podCertificate')))
  return errors
}

function validateToken(
  { expirationSeconds = 0, path: target }: ServiceAccountTokenProjection,
  volumePath: FieldPath,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  const at = path.child('expirationSeconds')
  if (expirationSeconds < tokenSecondsMin) errors.push(invalid(at, expirationSeconds, 'may not specify a duration less than 10 minutes'))
  if (expirationSeconds > tokenSecondsMax)
    errors.push(invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'))
  if (!target) errors.push(required(volumePath.child('path')))
  else errors.push(...validateLocalNonReservedPath(target, volumePath.child('path')))
  return errors
}

function validateTrustBundle(source: ClusterTrustBundleProjection, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { name, signerName, labelSelector } = source
  if (name !== undefined && signerName !== undefined) errors.push(invalid(path, source, 'only one of name and signerName may be used'))
  else if (name !== undefined) {
    if (name === '') errors.push(required(path.child('name'), 'must be a valid object name'))
    if (labelSelector !== undefined) {
      errors.push(invalid(path.child('labelSelector'), labelSelector, 'labelSelector must be unset if name is specified'))
    }
  } else if (signerName !== undefined) {
    if (signerName === '') errors.push(required(path.child('signerName'), 'must be a valid signer name'))
    errors.push(...validateLabelSelector(labelSelector, path.child('labelSelector')))
  } else errors.push(required(path, 'either name or signerName must be specified'))
  if (!source.path) errors.push(required(path.child('path')))
  return [...errors, ...validateLocalNonReservedPath(source.path ?? '', path.child('path'))]
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519']

function validatePodCertificate(source: PodCertificateProjection, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!source.signerName) errors.push(required(path.child('signerName')))
  if (!source.keyType) errors.push(required(path.child('keyType'), 'must specify a key type'))
  else if (!keyTypes.includes(source.keyType)) errors.push(notSupported(path.child('keyType'), source.keyType, keyTypes))
  const names = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const
  if (names.every(name => !source[name])) {
    errors.push(required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'))
  }
  for (const name of names) {
    const target = source[name]
    if (target) errors.push(...validateLocalNonReservedPath(target, path.child(name)))
  }
  return errors
}

/** Files of a downward API volume. Their errors name the volume, not the file, as upstream's do. */
export function validateDownwardAPIFiles(files: readonly DownwardAPIVolumeFile[] | undefined, path: FieldPath): FieldError[] {
  return (files ?? []).flatMap(file => {
    const errors = file.path ? [] : [required(path.child('path'))]
    errors.push(...validateLocalNonReservedPath(file.path ?? '', path.child('path')))
    if (file.fieldRef !== undefined) {
      errors.push(...validateFieldSelector(file.fieldRef, volumeFieldPaths, path.child('fieldRef')))
      if (file.resourceFieldRef !== undefined) {
        errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
      }
    } else if (file.resourceFieldRef !== undefined) {
      errors.push(...validateResourceFieldSelector(file.resourceFieldRef, path.child('resourceFieldRef'), true))
    } else {
      errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
    }
    return [...errors, ...validateFileMode(file.mode, path.child('mode'))]
  })
}
