import {
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
} from '#apimachinery/validation/field-error.ts'
import type { AnyContainer } from '../containers.ts'
import type { Volume, VolumeDevice, VolumeMount } from '../types.gen.ts'
import { validateLocalDescendingPath, validatePathNoBacksteps } from './paths.ts'

const propagations = ['Bidirectional', 'HostToContainer', 'None']
const recursiveReadOnlyModes = ['Disabled', 'Enabled', 'IfPossible']

/** `volumes`: the valid volumes of the pod by name. */
export function validateVolumeMounts(container: AnyContainer, volumes: ReadonlyMap<string, Volume>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const mountPaths = new Set<string>()
  const devices = container.volumeDevices ?? []
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const at = path.index(index)
    const { name, mountPath } = mount
    if (!name) errors.push(required(at.child('name')))
    if (!volumes.has(name)) errors.push(notFound(at.child('name'), name ?? ''))
    if (!mountPath) errors.push(required(at.child('mountPath')))
    if (mountPaths.has(mountPath)) errors.push(invalid(at.child('mountPath'), mountPath, 'must be unique'))
    mountPaths.add(mountPath)
    if (devices.some(device => device.name === name))
      errors.push(invalid(at.child('name'), name, 'must not already exist in volumeDevices'))
    if (devices.some(({ devicePath }) => devicePath === mountPath)) {
      errors.push(invalid(at.child('mountPath'), mountPath, 'must not already exist as a path in volumeDevices'))
    }
    errors.push(...validateSubPath(mount, path, at))
    errors.push(...validatePropagation(mount, container, path.child('mountPropagation')))
    errors.push(...validateRecursiveReadOnly(mount, path.child('recursiveReadOnly')))
  }
  return errors
}

function validateSubPath({ subPath, subPathExpr }: VolumeMount, path: FieldPath, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (subPath) errors.push(...validateLocalDescendingPath(subPath, path.child('subPath')))
  if (!subPathExpr) return errors
  if (subPath) errors.push(invalid(at.child('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
  return [...errors, ...validateLocalDescendingPath(subPathExpr, path.child('subPathExpr'))]
}

function validatePropagation({ mountPropagation }: VolumeMount, container: AnyContainer, path: FieldPath): FieldError[] {
  if (mountPropagation === undefined) return []
  if (!propagations.includes(mountPropagation)) return [notSupported(path, mountPropagation, propagations)]
  if (mountPropagation !== 'Bidirectional' || container.securityContext?.privileged === true) return []
  return [forbidden(path, 'Bidirectional mount propagation is available only to privileged containers')]
}

function validateRecursiveReadOnly({ recursiveReadOnly, readOnly, mountPropagation }: VolumeMount, path: FieldPath): FieldError[] {
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return []
  if (!recursiveReadOnlyModes.includes(recursiveReadOnly)) return [notSupported(path, recursiveReadOnly, recursiveReadOnlyModes)]
  const errors: FieldError[] = []
  if (readOnly !== true) errors.push(forbidden(path, 'may only be specified when readOnly is true'))
  if (mountPropagation !== undefined && mountPropagation !== 'None') {
    errors.push(forbidden(path, 'may only be specified when mountPropagation is None or not specified'))
  }
  return errors
}

export function validateVolumeDevices(container: AnyContainer, volumes: ReadonlyMap<string, Volume>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  const paths = new Set<string>()
  const mounts = container.volumeMounts ?? []
  for (const [index, { name, devicePath }] of (container.volumeDevices ?? []).entries()) {
    const at = path.index(index)
    const volume = volumes.get(name)
    if (!name) errors.push(required(at.child('name')))
    if (names.has(name)) errors.push(invalid(at.child('name'), name, 'must be unique'))
    if (volume === undefined) errors.push(notFound(at.child('name'), name ?? ''))
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
      errors.push(invalid(at.child('name'), name, detail))
    }
    errors.push(...validateDevicePath({ name, devicePath }, paths, at))
    if (mounts.some(mount => mount.name === name)) errors.push(invalid(at.child('name'), name, 'must not already exist in volumeMounts'))
    if (mounts.some(({ mountPath }) => mountPath === devicePath)) {
      errors.push(invalid(at.child('devicePath'), devicePath, 'must not already exist as a path in volumeMounts'))
    }
    if (name) names.add(name)
  }
  return errors
}

function validateDevicePath({ devicePath }: VolumeDevice, taken: Set<string>, at: FieldPath): FieldError[] {
  const path = at.child('devicePath')
  if (!devicePath) return [required(path)]
  const errors = taken.has(devicePath) ? [invalid(path, devicePath, 'must be unique')] : []
  if (validatePathNoBacksteps(devicePath, path).length > 0) errors.push(invalid(path, devicePath, "can not contain backsteps ('..')"))
  else taken.add(devicePath)
  return errors
}
