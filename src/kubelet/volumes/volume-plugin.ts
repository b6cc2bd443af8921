import type { ConfigMap, Pod, Secret, Volume } from '#api/core/v1/types.gen.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { FieldFacts } from '../container/field-ref.ts'
import type { HostFiles } from '../host/host-files.ts'

/** A volume that is ready to be mounted into containers. */
export interface MountedVolume {
  hostPath: string
  /** When the content must be made anew, because something in it expires. */
  refreshAtMs?: number | undefined
}

export interface VolumeContext {
  pod: Pod
  files: HostFiles
  clock: Clock
  random: Random
  facts: FieldFacts
  /** The volume's folder, on disk or (for secrets) in memory. */
  folder: (pluginName: string, medium: 'disk' | 'memory') => string
  configMap: (name: string) => Promise<ConfigMap | undefined>
  secret: (name: string) => Promise<Secret | undefined>
  token: (request: { audience: string; expirationSeconds: number }) => Promise<{ token: string; refreshAtMs: number }>
  signal: AbortSignal
}

/**
 * Brings a volume to the state that its spec asks for. Called again whenever something that the volume shows may have changed, and after a
 * restart of ours: what is right already stays untouched.
 * @throws Error with the words that follow `MountVolume.SetUp failed for volume "x" : `
 */
export type SetUpVolume = (volume: Volume, context: VolumeContext) => Promise<MountedVolume>

/** ConfigMaps and Secrets of its namespace that a pod refers to, in volumes and variables. */
export function referencedObjects(pod: Pod): { configMaps: Set<string>; secrets: Set<string> } {
  const configMaps = new Names()
  const secrets = new Names()
  for (const { configMap, secret, projected } of pod.spec.volumes ?? []) {
    configMaps.add(configMap?.name)
    secrets.add(secret?.secretName)
    for (const source of projected?.sources ?? []) {
      configMaps.add(source.configMap?.name)
      secrets.add(source.secret?.name)
    }
  }
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec
  for (const container of [...containers, ...initContainers, ...ephemeralContainers]) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      configMaps.add(configMapRef?.name)
      secrets.add(secretRef?.name)
    }
    for (const { valueFrom } of container.env ?? []) {
      configMaps.add(valueFrom?.configMapKeyRef?.name)
      secrets.add(valueFrom?.secretKeyRef?.name)
    }
  }
  for (const { name } of pod.spec.imagePullSecrets ?? []) secrets.add(name)
  return { configMaps: configMaps.given, secrets: secrets.given }
}

class Names {
  readonly given = new Set<string>()

  add(name: string | undefined): void {
    if (name !== undefined && name !== '') this.given.add(name)
  }
}
