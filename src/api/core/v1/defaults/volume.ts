import { imageTag } from '../image-name.ts'
import type { ObjectFieldSelector, Volume, VolumeProjection } from '../types.gen.ts'

/** 0644 */
const defaultFileMode = 0o644
const tokenExpirationSeconds = 3600

/** Fills in what upstream's SetDefaults_Volume and its sources do. A volume without a source is an emptyDir. */
export function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).every(key => key === 'name' || volume[key as keyof Volume] === undefined)) volume.emptyDir = {}
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) {
    if (source !== undefined) source.defaultMode ??= defaultFileMode
  }
  for (const item of volume.downwardAPI?.items ?? []) defaultFieldSelector(item.fieldRef)
  for (const source of volume.projected?.sources ?? []) defaultProjection(source)
  if (volume.hostPath !== undefined) volume.hostPath.type ??= ''
  if (volume.image !== undefined) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? '')
  if (volume.ephemeral?.volumeClaimTemplate !== undefined) {
    volume.ephemeral.volumeClaimTemplate.spec ??= {}
    volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem'
  }
  defaultLegacyVolume(volume)
}

function defaultProjection(source: VolumeProjection): void {
  if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= tokenExpirationSeconds
  for (const item of source.downwardAPI?.items ?? []) defaultFieldSelector(item.fieldRef)
  if (source.podCertificate !== undefined) source.podCertificate.maxExpirationSeconds ??= 86_400
}

function defaultLegacyVolume({ iscsi, rbd, azureDisk, scaleIO }: Volume): void {
  if (iscsi !== undefined) iscsi.iscsiInterface ||= 'default'
  if (rbd !== undefined) {
    rbd.pool ||= 'rbd'
    rbd.user ||= 'admin'
    rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (azureDisk !== undefined) {
    azureDisk.cachingMode ??= 'ReadWrite'
    azureDisk.kind ??= 'Shared'
    azureDisk.fsType ??= 'ext4'
    azureDisk.readOnly ??= false
  }
  if (scaleIO !== undefined) {
    scaleIO.storageMode ||= 'ThinProvisioned'
    scaleIO.fsType ||= 'xfs'
  }
}

export function defaultFieldSelector(selector: ObjectFieldSelector | undefined): void {
  if (selector !== undefined) selector.apiVersion ||= 'v1'
}

/** `Always` for the tag `latest`, written or implied; `IfNotPresent` otherwise. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  return imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent'
}
