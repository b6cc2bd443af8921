import { bytes } from '../container/resources.ts'
import type { SetUpVolume } from './volume-plugin.ts'

const anyoneMode = 0o777

export const setUpEmptyDir: SetUpVolume = async (volume, context) => {
  const { medium = '', sizeLimit } = volume.emptyDir ?? {}
  const { files, pod, signal } = context
  if (medium !== '' && medium !== 'Memory') throw new Error(`emptyDir medium "${medium}" is not supported on this node`)
  const hostPath = context.folder('kubernetes.io~empty-dir', 'disk')
  const existed = (await files.typeOf(hostPath)) !== undefined
  if (!existed) await files.makeDirectory(hostPath, anyoneMode)
  if (medium === 'Memory' && !(await files.isMountPoint(hostPath))) {
    await files.mountTmpfs(hostPath, sizeLimit === undefined ? {} : { sizeBytes: bytes(sizeLimit) }, signal)
    await files.makeDirectory(hostPath, anyoneMode)
  }
  const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {}
  // An older emptyDir belongs to the containers already: only a new one is given to the group.
  if (fsGroup !== undefined && !existed)
    await files.giveToGroup(hostPath, fsGroup, { readOnly: false, onlyWhenRootDiffers: fsGroupChangePolicy === 'OnRootMismatch' })
  return { hostPath }
}
