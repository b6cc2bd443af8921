import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '#apimachinery/validation/field-error.ts'
import { nameIsDNSSubdomain, validateAnnotations, validateLabels } from '#apimachinery/validation/names.ts'
import { tryParse } from '../resource-list.ts'
import type { CSIVolumeSource, EphemeralVolumeSource, HostPathVolumeSource, Volume, VolumeSource } from '../types.gen.ts'
import { validateDownwardAPIFiles, validateProjectedVolume } from './projected-volume.ts'
import { legacyVolumeValidators } from './legacy-volume.ts'
import { validateDNS1123Label, validateName } from './names.ts'
import { validateFileMode, validateKeysToPaths, validatePathNoBacksteps } from './paths.ts'
import { validatePullPolicy } from './pull-policy.ts'

export interface VolumeContext {
  /** Name of the pod, when it is one with a name: ephemeral claims are named after it. */
  podName?: string | undefined
  isPod: boolean
}

type Validators = {
  [K in keyof VolumeSource]?: (source: NonNullable<VolumeSource[K]>, path: FieldPath, context: VolumeContext) => FieldError[]
}

/** Tried in this order; the first source given is the one that is looked into. */
const validators: Validators = {
  emptyDir: ({ sizeLimit }, path) => {
    const negative = sizeLimit !== undefined && (tryParse(sizeLimit)?.sign() ?? -1) < 0
    return negative ? [forbidden(path.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity')] : []
  },
  hostPath: validateHostPath,
  secret: (source, path) => [
    ...(source.secretName ? [] : [required(path.child('secretName'))]),
    ...validateFileMode(source.defaultMode, path.child('defaultMode')),
    ...validateKeysToPaths(source.items, path.child('items')),
  ],
  configMap: (source, path) => [
    ...(source.name ? [] : [required(path.child('name'))]),
    ...validateFileMode(source.defaultMode, path.child('defaultMode')),
    ...validateKeysToPaths(source.items, path.child('items')),
  ],
  persistentVolumeClaim: ({ claimName }, path) => (claimName ? [] : [required(path.child('claimName'))]),
  downwardAPI: (source, path) => [
    ...validateFileMode(source.defaultMode, path.child('defaultMode')),
    ...validateDownwardAPIFiles(source.items, path),
  ],
  projected: validateProjectedVolume,
  csi: validateCSI,
  ephemeral: validateEphemeral,
  image: ({ reference, pullPolicy }, path, { isPod }) => [
    ...(isPod && !reference ? [required(path.child('reference'))] : []),
    ...validatePullPolicy(pullPolicy, path.child('pullPolicy')),
  ],
  ...legacyVolumeValidators,
}

/** Valid volumes by name come back too: mounts may refer to those only. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  path: FieldPath,
  context: VolumeContext,
): { volumes: Map<string, Volume>; errors: FieldError[] } {
  const errors: FieldError[] = []
  const valid = new Map<string, Volume>()
  const createdClaims = new Set(
    (volumes ?? []).filter(volume => volume.ephemeral !== undefined && context.podName).map(volume => `${context.podName}-${volume.name}`),
  )
  for (const [index, volume] of (volumes ?? []).entries()) {
    const at = path.index(index)
    const own = validateVolumeSource(volume, at, context)
    if (!volume.name) own.push(required(at.child('name')))
    else own.push(...validateDNS1123Label(volume.name, at.child('name')))
    if (valid.has(volume.name)) own.push(duplicate(at.child('name'), volume.name))
    if (own.length === 0) valid.set(volume.name, volume)
    errors.push(...own)
    const claimName = volume.persistentVolumeClaim?.claimName
    if (claimName !== undefined && createdClaims.has(claimName)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume'
      errors.push(invalid(at.child('persistentVolumeClaim', 'claimName'), claimName, detail))
    }
  }
  return { volumes: valid, errors }
}

function validateVolumeSource(volume: Volume, path: FieldPath, context: VolumeContext): FieldError[] {
  const errors: FieldError[] = []
  let seen = false
  for (const type of Object.keys(validators) as (keyof VolumeSource)[]) {
    const source = volume[type]
    if (source === undefined) continue
    if (seen) errors.push(forbidden(path.child(type), 'may not specify more than 1 volume type'))
    // The table pairs each source with the validator of the same key.
    else
      errors.push(...(validators[type] as (s: unknown, p: FieldPath, c: VolumeContext) => FieldError[])(source, path.child(type), context))
    seen = true
  }
  if (!seen) errors.push(required(path, 'must specify a volume type'))
  if (volume.iscsi?.initiatorName !== undefined && `${volume.name}:${volume.iscsi.targetPortal}`.length > 64) {
    const detail = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'
    errors.push(invalid(path.child('name'), volume.name, detail))
  }
  if (volume.ephemeral !== undefined && context.podName && volume.name) {
    const claim = `${context.podName}-${volume.name}`
    for (const message of nameIsDNSSubdomain(claim, false)) {
      errors.push(invalid(path.child('name'), volume.name, `PVC name "${claim}": ${message}`))
    }
  }
  return errors
}

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

function validateHostPath({ path: hostPath, type }: HostPathVolumeSource, path: FieldPath): FieldError[] {
  if (!hostPath) return [required(path.child('path'))]
  const errors = validatePathNoBacksteps(hostPath, path.child('path'))
  if (type !== undefined && !hostPathTypes.includes(type)) errors.push(notSupported(path.child('type'), type, hostPathTypes))
  return errors
}

function validateCSI({ driver, nodePublishSecretRef }: CSIVolumeSource, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!driver) errors.push(required(path.child('driver')))
  if ((driver ?? '').length > 63) {
    errors.push({ ...invalid(path.child('driver'), '', 'may not be more than 63 bytes'), type: 'FieldValueTooLong' })
  }
  errors.push(
    ...nameIsDNSSubdomain((driver ?? '').toLowerCase(), false).map(message => invalid(path.child('driver'), driver ?? '', message)),
  )
  if (nodePublishSecretRef !== undefined) {
    const { name } = nodePublishSecretRef
    if (!name) errors.push(required(path.child('nodePublishSecretRef', 'name')))
    else errors.push(...validateName(name, path.child('name'), nameIsDNSSubdomain))
  }
  return errors
}

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

function validateEphemeral({ volumeClaimTemplate }: EphemeralVolumeSource, path: FieldPath): FieldError[] {
  const at = path.child('volumeClaimTemplate')
  if (volumeClaimTemplate === undefined) return [required(at)]
  const { metadata, spec } = volumeClaimTemplate
  const errors = [
    ...validateAnnotations(metadata?.annotations, at.child('metadata', 'annotations')),
    ...validateLabels(metadata?.labels, at.child('metadata', 'labels')),
  ]
  for (const [name, value] of Object.entries(metadata ?? {})) {
    if (name !== 'annotations' && name !== 'labels' && value) errors.push(forbidden(at.child('metadata', name), 'cannot be set'))
  }
  const modes = spec?.accessModes ?? []
  if (modes.length === 0) errors.push(required(at.child('spec', 'accessModes'), 'at least 1 access mode is required'))
  for (const mode of modes) if (!accessModes.includes(mode)) errors.push(notSupported(at.child('spec', 'accessModes'), mode, accessModes))
  if (modes.includes('ReadWriteOncePod') && modes.some(mode => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))) {
    errors.push(forbidden(at.child('spec', 'accessModes'), 'may not use ReadWriteOncePod with other access modes'))
  }
  const storage = spec?.resources?.requests?.storage
  const storagePath = at.child('spec', 'resources').key('storage')
  if (storage === undefined) errors.push(required(storagePath))
  else if ((tryParse(storage)?.sign() ?? -1) <= 0) errors.push(invalid(storagePath, storage, 'must be greater than zero'))
  return errors
}
