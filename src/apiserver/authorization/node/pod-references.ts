import type { Container, Pod, Volume } from '#api/core/v1/types.gen.ts'

/** Names of the objects in its namespace that a pod needs on its node. */
export interface PodReferences {
  secrets: Set<string>
  configMaps: Set<string>
  persistentVolumeClaims: Set<string>
}

/** What a pod's containers and volumes name. */
export function podReferences(pod: Pod): PodReferences {
  const references: PodReferences = { secrets: new Set(), configMaps: new Set(), persistentVolumeClaims: new Set() }
  const spec = pod.spec
  if (spec === undefined) return references
  for (const { name } of spec.imagePullSecrets ?? []) add(references.secrets, name)
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...((spec.ephemeralContainers ?? []) as Container[])]
  for (const container of containers) addContainer(container, references)
  for (const volume of spec.volumes ?? []) addVolume(volume, pod, references)
  return references
}

function add(names: Set<string>, name: string | undefined): void {
  if (name !== undefined && name !== '') names.add(name)
}

function addContainer(container: Container, { secrets, configMaps }: PodReferences): void {
  for (const { valueFrom } of container.env ?? []) {
    add(secrets, valueFrom?.secretKeyRef?.name)
    add(configMaps, valueFrom?.configMapKeyRef?.name)
  }
  for (const { secretRef, configMapRef } of container.envFrom ?? []) {
    add(secrets, secretRef?.name)
    add(configMaps, configMapRef?.name)
  }
}

function addVolume(volume: Volume, pod: Pod, { secrets, configMaps, persistentVolumeClaims }: PodReferences): void {
  add(secrets, volume.secret?.secretName)
  add(configMaps, volume.configMap?.name)
  for (const source of volume.projected?.sources ?? []) {
    add(secrets, source.secret?.name)
    add(configMaps, source.configMap?.name)
  }
  add(persistentVolumeClaims, volume.persistentVolumeClaim?.claimName)
  if (volume.ephemeral !== undefined) add(persistentVolumeClaims, `${pod.metadata.name}-${volume.name}`)
  const drivers = [volume.cephfs, volume.rbd, volume.iscsi, volume.flexVolume, volume.scaleIO, volume.storageos]
  for (const driver of drivers) add(secrets, driver?.secretRef?.name)
  add(secrets, volume.azureFile?.secretName)
  add(secrets, volume.csi?.nodePublishSecretRef?.name)
}
