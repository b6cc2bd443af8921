import type { FileType } from '../host/host-files.ts'
import { dirname } from 'node:path'
import type { SetUpVolume } from './volume-plugin.ts'

const requirements: Record<string, { type: FileType; refusal: string }> = {
  Directory: { type: 'directory', refusal: 'is not a directory' },
  File: { type: 'file', refusal: 'is not a file' },
  Socket: { type: 'socket', refusal: 'is not a socket file' },
  CharDevice: { type: 'charDevice', refusal: 'is not a character device' },
  BlockDevice: { type: 'blockDevice', refusal: 'is not a block device' },
}

export const setUpHostPath: SetUpVolume = async (volume, { files }) => {
  const { path = '', type = '' } = volume.hostPath ?? {}
  if (type === '') return { hostPath: path }
  const found = await files.typeOf(path)
  const refuse = (refusal: string) => new Error(`hostPath type check failed: ${path} ${refusal}`)
  if (type === 'DirectoryOrCreate') {
    if (found === undefined) await files.makeDirectory(path, 0o755)
    else if (found !== 'directory') throw refuse('is not a directory')
  } else if (type === 'FileOrCreate') {
    if (found === undefined) {
      await files.makeDirectory(dirname(path))
      await files.writeFile(path, '', { mode: 0o644 })
    } else if (found !== 'file') throw refuse('is not a file')
  } else {
    const requirement = requirements[type]
    if (requirement === undefined) throw new Error(`${type} is an invalid volume type`)
    if (found !== requirement.type) throw refuse(requirement.refusal)
  }
  return { hostPath: path }
}
