import type { Pod, VolumeProjection } from '#api/core/v1/types.gen.ts'
import { AtomicWriter, type Payload } from './atomic-writer.ts'
import { configMapPayload, downwardPayload, secretPayload } from './payloads.ts'
import type { MountedVolume, SetUpVolume, VolumeContext } from './volume-plugin.ts'

const defaultFileMode = 0o644
const tokenLifetimeSeconds = 3600
const ownerOnlyMode = 0o600
const anyoneMode = 0o777
const setGroupIDMode = 0o2000

export const setUpConfigMap: SetUpVolume = async (volume, context) => {
  const { name = '', items, optional, defaultMode = defaultFileMode } = volume.configMap ?? {}
  const payload = await configMapPayload(name, { items, optional, defaultMode }, context)
  return write(context.folder('kubernetes.io~configmap', 'disk'), payload, context)
}

export const setUpSecret: SetUpVolume = async (volume, context) => {
  const { secretName = '', items, optional, defaultMode = defaultFileMode } = volume.secret ?? {}
  const payload = await secretPayload(secretName, { items, optional, defaultMode }, context)
  return write(context.folder('kubernetes.io~secret', 'memory'), payload, context)
}

export const setUpDownwardAPI: SetUpVolume = async (volume, context) => {
  const { items = [], defaultMode = defaultFileMode } = volume.downwardAPI ?? {}
  const payload = downwardPayload(items, defaultMode, context)
  return write(context.folder('kubernetes.io~downward-api', 'disk'), payload, context)
}

export const setUpProjected: SetUpVolume = async (volume, context) => {
  const { sources = [], defaultMode = defaultFileMode } = volume.projected ?? {}
  const parts = await Promise.all(sources.map(source => projection(source, defaultMode, context)))
  const payload: Payload = new Map(parts.flatMap(part => [...part.payload]))
  const refreshTimes = parts.map(part => part.refreshAtMs).filter(time => time !== undefined)
  const { hostPath } = await write(context.folder('kubernetes.io~projected', 'memory'), payload, context)
  return { hostPath, refreshAtMs: refreshTimes.length > 0 ? Math.min(...refreshTimes) : undefined }
}

async function projection(
  source: VolumeProjection,
  defaultMode: number,
  context: VolumeContext,
): Promise<{ payload: Payload; refreshAtMs?: number }> {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source
  if (configMap !== undefined) return { payload: await configMapPayload(configMap.name ?? '', { ...configMap, defaultMode }, context) }
  if (secret !== undefined) return { payload: await secretPayload(secret.name ?? '', { ...secret, defaultMode }, context) }
  if (downwardAPI !== undefined) return { payload: downwardPayload(downwardAPI.items ?? [], defaultMode, context) }
  if (serviceAccountToken !== undefined) {
    const { path, audience = '', expirationSeconds = tokenLifetimeSeconds } = serviceAccountToken
    const { token, refreshAtMs } = await context.token({ audience, expirationSeconds })
    const uid = commonUser(context.pod)
    const restricted = uid !== undefined || context.pod.spec.securityContext?.fsGroup !== undefined
    return { payload: new Map([[path, { content: token, mode: restricted ? ownerOnlyMode : defaultMode, uid }]]), refreshAtMs }
  }
  throw new Error(`projected volume source "${Object.keys(source).join(', ')}" is not supported on this node`)
}

/** The user of all containers, when it is one and the same: the token is then readable by that user alone. */
function commonUser({ spec }: Pod): number | undefined {
  const users = [...(spec.initContainers ?? []), ...spec.containers].map(
    ({ securityContext }) => securityContext?.runAsUser ?? spec.securityContext?.runAsUser,
  )
  return users.every(user => user === users[0]) ? users[0] : undefined
}

async function write(folder: string, payload: Payload, context: VolumeContext): Promise<MountedVolume> {
  const { files, clock, random, pod } = context
  const gid = pod.spec.securityContext?.fsGroup
  await files.makeDirectory(folder, anyoneMode)
  await new AtomicWriter(folder, { files, clock, random, gid }).write(payload)
  if (gid !== undefined) {
    await files.changeOwner(folder, { gid })
    // Changing the owner takes the set-group-ID bit away: the mode comes last.
    await files.makeDirectory(folder, setGroupIDMode | anyoneMode)
  }
  return { hostPath: folder }
}
