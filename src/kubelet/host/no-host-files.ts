import type { FileType, HostFiles } from './host-files.ts'

/** The file system of a simulated node: everything succeeds, nothing is kept. */
export class NoHostFiles implements HostFiles {
  async makeDirectory(): Promise<void> {}
  async writeFile(): Promise<void> {}
  async readFile(): Promise<Buffer | undefined> {
    return undefined
  }
  async readTail(): Promise<Buffer | undefined> {
    return undefined
  }
  async typeOf(): Promise<FileType | undefined> {
    return undefined
  }
  async realPath(path: string): Promise<string | undefined> {
    return path
  }
  async list(): Promise<string[]> {
    return []
  }
  async readLink(): Promise<string | undefined> {
    return undefined
  }
  async symlink(): Promise<void> {}
  async rename(): Promise<void> {}
  async remove(): Promise<void> {}
  async giveToGroup(): Promise<void> {}
  async changeOwner(): Promise<void> {}
  async isMountPoint(): Promise<boolean> {
    return true
  }
  async mountTmpfs(): Promise<void> {}
  async unmountBelow(): Promise<void> {}
}
