import { join, normalize } from 'node:path'
import type { Container, Pod, VolumeMount } from '#api/core/v1/types.gen.ts'
import type { ContainerConfigInit } from '#cri/cri.ts'
import { MountPropagation } from '#cri/gen/runtime.gen.ts'
import type { HostFiles } from '../host/host-files.ts'
import { ContainerConfigError } from './environment.ts'
import { expandVariables, missingVariables } from './expansion.ts'

export type MountInit = NonNullable<ContainerConfigInit['mounts']>[number]

export interface MountsInput {
  pod: Pod
  container: Container
  files: HostFiles
  /** Where a volume of the pod lies on the node. */
  volumePath: (name: string) => string | undefined
  variables: ReadonlyMap<string, string>
}

/** The volumes of a container as the runtime mounts them. @throws ContainerConfigError */
export async function volumeMounts(input: MountsInput): Promise<MountInit[]> {
  return Promise.all((input.container.volumeMounts ?? []).map(mount => volumeMount(mount, input)))
}

async function volumeMount(mount: VolumeMount, input: MountsInput): Promise<MountInit> {
  const volumePath = input.volumePath(mount.name)
  if (volumePath === undefined)
    throw new ContainerConfigError(`cannot find volume "${mount.name}" to mount into container "${input.container.name}"`)
  return {
    hostPath: await subPathOf(mount, volumePath, input),
    containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
    readonly: mount.readOnly === true || isReadOnlyVolume(input.pod, mount.name),
    propagation: propagationOf(mount.mountPropagation),
  }
}

/** Volumes that show API objects are read-only in every container. */
function isReadOnlyVolume(pod: Pod, name: string): boolean {
  const volume = pod.spec.volumes?.find(each => each.name === name)
  return (volume?.configMap ?? volume?.secret ?? volume?.projected ?? volume?.downwardAPI) !== undefined
}

async function subPathOf(mount: VolumeMount, volumePath: string, { files, variables }: MountsInput): Promise<string> {
  const expression = mount.subPathExpr
  let subPath = mount.subPath ?? ''
  if (expression !== undefined && expression !== '') {
    const missing = missingVariables(expression, name => variables.get(name))
    if (missing.length > 0) throw new ContainerConfigError(`missing value for "${missing[0]}"`)
    subPath = expandVariables(expression, name => variables.get(name))
  }
  if (subPath === '') return volumePath
  if (subPath.startsWith('/')) throw new ContainerConfigError(`error SubPath \`${subPath}\` must not be an absolute path`)
  if (normalize(subPath).split('/').includes('..'))
    throw new ContainerConfigError(`unable to provision SubPath \`${subPath}\`: must not contain '..'`)
  const wanted = join(volumePath, subPath)
  if ((await files.typeOf(wanted)) === undefined) await files.makeDirectory(wanted, 0o750)
  const [inside, root] = await Promise.all([files.realPath(wanted), files.realPath(volumePath)])
  // A link that a container made must not lead out of the volume.
  if (inside === undefined || root === undefined || !(inside === root || inside.startsWith(`${root}/`)))
    throw new ContainerConfigError(
      `failed to prepare subPath for volumeMount "${mount.name}" of container: subpath "${subPath}" not within volume path`,
    )
  return inside
}

function propagationOf(mode: string | undefined) {
  if (mode === 'HostToContainer') return MountPropagation.PROPAGATION_HOST_TO_CONTAINER
  return mode === 'Bidirectional' ? MountPropagation.PROPAGATION_BIDIRECTIONAL : MountPropagation.PROPAGATION_PRIVATE
}
