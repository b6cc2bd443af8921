export type FileType = 'directory' | 'file' | 'socket' | 'charDevice' | 'blockDevice' | 'other'

export interface Ownership {
  uid?: number | undefined
  gid?: number | undefined
}

/**
 * The kubelet's hands on the node's file system. A simulated node has none. Paths are absolute; what is missing is no error unless said.
 */
export interface HostFiles {
  /** Makes the folder and those above it. `mode` holds for the last one and is not cut by the umask. */
  makeDirectory(path: string, mode?: number): Promise<void>
  /** Replaces the content; `mode` is not cut by the umask. */
  writeFile(path: string, content: Uint8Array | string, options?: { mode?: number } & Ownership): Promise<void>
  /** Undefined when there is no such file. */
  readFile(path: string): Promise<Buffer | undefined>
  /** The last bytes of a file; undefined when there is no such file. */
  readTail(path: string, bytesMax: number): Promise<Buffer | undefined>
  /** Follows symbolic links; undefined when there is nothing. */
  typeOf(path: string): Promise<FileType | undefined>
  /** The path without symbolic links; undefined when there is nothing. */
  realPath(path: string): Promise<string | undefined>
  /** Names in a folder; empty when it is missing. */
  list(path: string): Promise<string[]>
  /** Undefined when it is no symbolic link. */
  readLink(path: string): Promise<string | undefined>
  symlink(target: string, path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** What a folder's files take of the disk, in bytes. Those that go away meanwhile do not count. */
  usedBytes(path: string): Promise<number>
  /** Removes a file, or a folder with all that is in it. */
  remove(path: string): Promise<void>
  /** Gives a tree to a group: members may read and write, new files belong to it too (Pod `fsGroup`). */
  giveToGroup(path: string, gid: number, options: { readOnly: boolean; onlyWhenRootDiffers: boolean }): Promise<void>
  changeOwner(path: string, owner: Ownership): Promise<void>
  isMountPoint(path: string): Promise<boolean>
  mountTmpfs(path: string, options: { sizeBytes?: number }, signal: AbortSignal): Promise<void>
  /** Unmounts everything at and below the path. */
  unmountBelow(path: string, signal: AbortSignal): Promise<void>
}
