import { type FieldError, type FieldPath, invalid, notSupported, required } from '#apimachinery/validation/field-error.ts'
import { inclusiveRangeError } from '#apimachinery/validation/names.ts'
import type { AzureDiskVolumeSource, FCVolumeSource, ISCSIVolumeSource, QuobyteVolumeSource, VolumeSource } from '../types.gen.ts'
import { validateDNS1123Label } from './names.ts'
import { validateLocalDescendingPath } from './paths.ts'

type Validators = { [K in keyof VolumeSource]?: (source: NonNullable<VolumeSource[K]>, path: FieldPath) => FieldError[] }

function requireAll(source: object, path: FieldPath, ...names: string[]): FieldError[] {
  return names.filter(name => !(source as Record<string, unknown>)[name]).map(name => required(path.child(name)))
}

function requireSome(list: readonly string[] | undefined, path: FieldPath): FieldError[] {
  return (list ?? []).length === 0 ? [required(path)] : []
}

function requireSecretName(secretRef: { name?: string | undefined } | undefined, path: FieldPath): FieldError[] {
  return secretRef !== undefined && !secretRef.name ? [required(path.child('secretRef', 'name'))] : []
}

function validateDisk(source: { partition?: number | undefined }, path: FieldPath, idName: string): FieldError[] {
  const errors = requireAll(source, path, idName)
  const partition = source.partition ?? 0
  if (partition < 0 || partition > 255) errors.push(invalid(path.child('partition'), partition, inclusiveRangeError(1, 255)))
  return errors
}

/** Volumes of storage systems from before CSI: the server still accepts them. */
export const legacyVolumeValidators: Validators = {
  gitRepo: (source, path) => [
    ...requireAll(source, path, 'repository'),
    ...validateLocalDescendingPath(source.directory ?? '', path.child('directory')),
  ],
  gcePersistentDisk: (source, path) => validateDisk(source, path, 'pdName'),
  awsElasticBlockStore: (source, path) => validateDisk(source, path, 'volumeID'),
  nfs: (source, path) => {
    const errors = requireAll(source, path, 'server', 'path')
    if (!source.path?.startsWith('/')) errors.push(invalid(path.child('path'), source.path ?? '', 'must be an absolute path'))
    return errors
  },
  iscsi: validateISCSI,
  glusterfs: (source, path) => requireAll(source, path, 'endpoints', 'path'),
  flocker: ({ datasetName = '', datasetUUID = '' }, path) => {
    const errors: FieldError[] = []
    if (datasetName === '' && datasetUUID === '') errors.push(required(path, 'one of datasetName and datasetUUID is required'))
    if (datasetName !== '' && datasetUUID !== '') {
      errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'))
    }
    if (datasetName.includes('/')) errors.push(invalid(path.child('datasetName'), datasetName, "must not contain '/'"))
    return errors
  },
  rbd: (source, path) => [...requireSome(source.monitors, path.child('monitors')), ...requireAll(source, path, 'image')],
  cinder: (source, path) => [...requireAll(source, path, 'volumeID'), ...requireSecretName(source.secretRef, path)],
  cephfs: (source, path) => requireSome(source.monitors, path.child('monitors')),
  quobyte: validateQuobyte,
  fc: validateFibreChannel,
  flexVolume: (source, path) => [
    ...requireAll(source, path, 'driver'),
    ...Object.keys(source.options ?? {})
      .filter(key => /\.(kubernetes|k8s)\.io$/.test(`.${key.split('/')[0]!.toLowerCase()}`))
      .map(key => invalid(path.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved')),
  ],
  azureFile: (source, path) => requireAll(source, path, 'secretName', 'shareName'),
  vsphereVolume: (source, path) => requireAll(source, path, 'volumePath'),
  photonPersistentDisk: (source, path) => requireAll(source, path, 'pdID'),
  portworxVolume: (source, path) => requireAll(source, path, 'volumeID'),
  azureDisk: validateAzureDisk,
  storageos: (source, path) => [
    ...requireAll(source, path, 'volumeName'),
    ...(source.volumeName ? validateDNS1123Label(source.volumeName, path.child('volumeName')) : []),
    ...(source.volumeNamespace ? validateDNS1123Label(source.volumeNamespace, path.child('volumeNamespace')) : []),
    ...requireSecretName(source.secretRef, path),
  ],
  scaleIO: (source, path) => requireAll(source, path, 'gateway', 'system', 'volumeName'),
}

const initiatorForms: Record<string, RegExp> = {
  iqn: /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[a-zA-Z0-9]{16}$/,
  naa: /^naa.[a-zA-Z0-9]{32}$/,
}

function validateInitiator(name: string, path: FieldPath): FieldError[] {
  const form = initiatorForms[name.slice(0, 3)]
  if (form === undefined) return [invalid(path, name, 'must be valid format starting with iqn, eui, or naa')]
  return form.test(name) ? [] : [invalid(path, name, 'must be valid format')]
}

function validateISCSI(source: ISCSIVolumeSource, path: FieldPath): FieldError[] {
  const errors = requireAll(source, path, 'targetPortal', 'iqn')
  if (source.iqn) errors.push(...validateInitiator(source.iqn, path.child('iqn')))
  const lun = source.lun ?? 0
  if (lun < 0 || lun > 255) errors.push(invalid(path.child('lun'), lun, inclusiveRangeError(0, 255)))
  if ((source.chapAuthDiscovery || source.chapAuthSession) && source.secretRef === undefined) errors.push(required(path.child('secretRef')))
  if (source.initiatorName !== undefined) errors.push(...validateInitiator(source.initiatorName, path.child('initiatorname')))
  return errors
}

function validateFibreChannel({ targetWWNs = [], wwids = [], lun }: FCVolumeSource, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const at = path.child('targetWWNs')
  if (targetWWNs.length === 0 && wwids.length === 0) errors.push(required(at, 'must specify either targetWWNs or wwids, but not both'))
  if (targetWWNs.length > 0 && wwids.length > 0) {
    errors.push(invalid(at, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'))
  }
  if (targetWWNs.length === 0) return errors
  if (lun === undefined) errors.push(required(path.child('lun'), 'lun is required if targetWWNs is specified'))
  else if (lun < 0 || lun > 255) errors.push(invalid(path.child('lun'), lun, inclusiveRangeError(0, 255)))
  return errors
}

function validateQuobyte({ registry, tenant = '', volume }: QuobyteVolumeSource, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const detail = 'must be a host:port pair or multiple pairs separated by commas'
  if (!registry) errors.push(required(path.child('registry'), detail))
  else if (tenant.length >= 65) errors.push(required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'))
  else if (!registry.split(',').every(pair => /^(\[[^\]]*\]|[^:[\]]*):[^:]*$/.test(pair))) {
    errors.push(invalid(path.child('registry'), registry, detail))
  }
  if (!volume) errors.push(required(path.child('volume')))
  return errors
}

const cachingModes = ['None', 'ReadOnly', 'ReadWrite']
const diskKinds = ['Dedicated', 'Managed', 'Shared']
const managedURI = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const blobURI = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

function validateAzureDisk(source: AzureDiskVolumeSource, path: FieldPath): FieldError[] {
  const errors = requireAll(source, path, 'diskName', 'diskURI')
  const { cachingMode, kind } = source
  const diskURI = source.diskURI ?? ''
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) {
    errors.push(notSupported(path.child('cachingMode'), cachingMode, cachingModes))
  }
  if (kind === undefined) return errors
  if (!diskKinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, diskKinds))
  const managed = kind === 'Managed'
  if (!diskURI.startsWith(managed ? '/subscriptions/' : 'https://')) {
    errors.push(notSupported(path.child('diskURI'), diskURI, [managed ? managedURI : blobURI]))
  }
  return errors
}
