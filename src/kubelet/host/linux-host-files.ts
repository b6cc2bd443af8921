import * as sync from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '#base/process.ts'
import type { FileType, HostFiles, Ownership } from './host-files.ts'

const readWriteMode = 0o660
const readOnlyMode = 0o440
const enterMode = 0o110
const setGIDMode = 0o2000
/** The unit in which a file system counts. */
const blockBytes = 512

type FileCalls = Pick<typeof fs, 'mkdir' | 'chmod' | 'writeFile' | 'readFile' | 'readdir' | 'readlink' | 'symlink' | 'rename' | 'lchown'>

/** The same calls without a thread: for files in memory, where waiting for one takes longer than the call. */
const atOnce = Object.fromEntries(
  (['mkdir', 'chmod', 'writeFile', 'readFile', 'readdir', 'readlink', 'symlink', 'rename', 'lchown'] as const).map(name => {
    const call = sync[`${name}Sync`] as (...args: unknown[]) => unknown
    return [name, async (...args: unknown[]) => call(...args)]
  }),
) as unknown as FileCalls

/** The machine's file system. */
export class LinuxHostFiles implements HostFiles {
  readonly #memoryFolder: string

  /** @param memoryFolder what lies below never touches a disk */
  constructor(memoryFolder: string) {
    this.#memoryFolder = `${memoryFolder}/`
  }

  #on(path: string): FileCalls {
    return path.startsWith(this.#memoryFolder) ? atOnce : fs
  }

  async makeDirectory(path: string, mode?: number): Promise<void> {
    await this.#on(path).mkdir(path, { recursive: true })
    if (mode !== undefined) await this.#on(path).chmod(path, mode)
  }

  async writeFile(path: string, content: Uint8Array | string, options: { mode?: number } & Ownership = {}): Promise<void> {
    const { mode, uid, gid } = options
    await this.#on(path).writeFile(path, content, mode === undefined ? {} : { mode })
    if (uid !== undefined || gid !== undefined) await this.changeOwner(path, { uid, gid })
    if (mode !== undefined) await this.#on(path).chmod(path, mode)
  }

  async readFile(path: string): Promise<Buffer | undefined> {
    return unlessMissing(this.#on(path).readFile(path))
  }

  async readTail(path: string, bytesMax: number): Promise<Buffer | undefined> {
    const file = await unlessMissing(fs.open(path, 'r'))
    if (file === undefined) return undefined
    try {
      const { size } = await file.stat()
      const buffer = Buffer.alloc(Math.min(size, bytesMax))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, Math.max(0, size - bytesMax))
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  async typeOf(path: string): Promise<FileType | undefined> {
    const stats = await unlessMissing(fs.stat(path))
    if (stats === undefined) return undefined
    if (stats.isDirectory()) return 'directory'
    if (stats.isFile()) return 'file'
    if (stats.isSocket()) return 'socket'
    if (stats.isCharacterDevice()) return 'charDevice'
    return stats.isBlockDevice() ? 'blockDevice' : 'other'
  }

  async realPath(path: string): Promise<string | undefined> {
    return unlessMissing(fs.realpath(path))
  }

  async list(path: string): Promise<string[]> {
    return (await unlessMissing(this.#on(path).readdir(path))) ?? []
  }

  async readLink(path: string): Promise<string | undefined> {
    try {
      return await this.#on(path).readlink(path)
    } catch (error) {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'EINVAL')) return undefined
      throw error
    }
  }

  async symlink(target: string, path: string): Promise<void> {
    await this.#on(path).symlink(target, path)
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#on(to).rename(from, to)
  }

  async usedBytes(path: string): Promise<number> {
    let bytes = 0
    for (const entry of (await unlessMissing(fs.readdir(path, { recursive: true, withFileTypes: true }))) ?? []) {
      const found = await unlessMissing(fs.lstat(join(entry.parentPath, entry.name)))
      bytes += (found?.blocks ?? 0) * blockBytes
    }
    return bytes
  }

  async remove(path: string): Promise<void> {
    await fs.rm(path, { recursive: true, force: true })
  }

  async giveToGroup(path: string, gid: number, options: { readOnly: boolean; onlyWhenRootDiffers: boolean }): Promise<void> {
    if (options.onlyWhenRootDiffers && (await fs.stat(path)).gid === gid) return
    await this.#giveTree(path, gid, options.readOnly ? readOnlyMode : readWriteMode)
  }

  async changeOwner(path: string, { uid, gid }: Ownership): Promise<void> {
    // -1 leaves that owner as it is.
    await this.#on(path).lchown(path, uid ?? 0xffffffff, gid ?? 0xffffffff)
  }

  async isMountPoint(path: string): Promise<boolean> {
    const [own, above] = await Promise.all([unlessMissing(fs.stat(path)), unlessMissing(fs.stat(dirname(path)))])
    return own !== undefined && above !== undefined && own.dev !== above.dev
  }

  async mountTmpfs(path: string, { sizeBytes }: { sizeBytes?: number }, signal: AbortSignal): Promise<void> {
    const options = sizeBytes === undefined ? [] : ['-o', `size=${sizeBytes}`]
    await run('mount', ['-t', 'tmpfs', ...options, 'tmpfs', path], { signal })
  }

  async unmountBelow(path: string, signal: AbortSignal): Promise<void> {
    const points = mountPointsBelow(await fs.readFile('/proc/self/mountinfo', 'utf8'), path)
    if (points.length > 0) await run('umount', points, { signal })
  }

  async #giveTree(path: string, gid: number, groupMode: number): Promise<void> {
    const stats = await unlessMissing(fs.lstat(path))
    if (stats === undefined) return
    await fs.lchown(path, stats.uid, gid)
    if (stats.isSymbolicLink()) return
    const isDirectory = stats.isDirectory()
    if (isDirectory) for (const name of await fs.readdir(path)) await this.#giveTree(join(path, name), gid, groupMode)
    const mode = (stats.mode & 0o7777) | groupMode | (isDirectory ? enterMode | setGIDMode : 0)
    if (mode !== (stats.mode & 0o7777)) await fs.chmod(path, mode)
  }
}

/** Mount points at and below a folder, the last mounted first; the kernel writes odd characters as octal digits. */
export function mountPointsBelow(mountinfo: string, folder: string): string[] {
  return mountinfo
    .split('\n')
    .map(line => line.split(' ')[4]?.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))) ?? '')
    .filter(point => point === folder || point.startsWith(`${folder}/`))
    .reverse()
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined
    throw error
  }
}
