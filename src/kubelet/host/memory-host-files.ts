import { posix } from 'node:path'
import type { FileType, HostFiles } from './host-files.ts'

type Folder = Map<string, Item>
type Item = Folder | Buffer | { link: string }

const linksMax = 40

/** A file system in memory, for a simulated node: folders, files and symbolic links. Owners and modes are not kept. */
export class MemoryHostFiles implements HostFiles {
  #root: Folder
  /** Another one has the same folders: they are copied before the first change. */
  #isShared = false

  constructor(root: Folder = new Map()) {
    this.#root = root
  }

  /** Another file system with the same content, which then goes its own way. */
  copy(): MemoryHostFiles {
    const copy = new MemoryHostFiles(this.#root)
    this.#isShared = copy.#isShared = true
    return copy
  }

  async makeDirectory(path: string): Promise<void> {
    this.#makeFolder(path)
  }

  async writeFile(path: string, content: Uint8Array | string): Promise<void> {
    this.#own()
    const { folder, name } = this.#place(this.#resolve(path) ?? path)
    if (folder === undefined) throw missing('open', path)
    if (folder.get(name) instanceof Map) throw failure('EISDIR', `illegal operation on a directory, open '${path}'`)
    folder.set(name, Buffer.from(content as Uint8Array))
  }

  async readFile(path: string): Promise<Buffer | undefined> {
    const item = this.#item(path)
    return Buffer.isBuffer(item) ? item : undefined
  }

  async readTail(path: string, bytesMax: number): Promise<Buffer | undefined> {
    const content = await this.readFile(path)
    return content?.subarray(Math.max(0, content.length - bytesMax))
  }

  async typeOf(path: string): Promise<FileType | undefined> {
    const item = this.#item(path)
    if (item === undefined) return undefined
    return item instanceof Map ? 'directory' : 'file'
  }

  async realPath(path: string): Promise<string | undefined> {
    const real = this.#resolve(path)
    return real !== undefined && this.#at(real) !== undefined ? real : undefined
  }

  async list(path: string): Promise<string[]> {
    const item = this.#item(path)
    return item instanceof Map ? [...item.keys()] : []
  }

  async readLink(path: string): Promise<string | undefined> {
    const { folder, name } = this.#place(path)
    const item = folder?.get(name)
    return isLink(item) ? item.link : undefined
  }

  async symlink(target: string, path: string): Promise<void> {
    this.#own()
    const { folder, name } = this.#place(path)
    if (folder === undefined) throw missing('symlink', path)
    if (folder.has(name)) throw failure('EEXIST', `file already exists, symlink '${target}' -> '${path}'`)
    folder.set(name, { link: target })
  }

  async rename(from: string, to: string): Promise<void> {
    this.#own()
    const source = this.#place(from)
    const target = this.#place(to)
    const item = source.folder?.get(source.name)
    if (item === undefined || target.folder === undefined) throw missing('rename', from)
    source.folder!.delete(source.name)
    target.folder.set(target.name, item)
  }

  async usedBytes(path: string): Promise<number> {
    const item = this.#item(path)
    return item === undefined ? 0 : sizeOf(item)
  }

  async remove(path: string): Promise<void> {
    this.#own()
    const { folder, name } = this.#place(path)
    folder?.delete(name)
  }

  async giveToGroup(): Promise<void> {}
  async changeOwner(): Promise<void> {}

  async isMountPoint(): Promise<boolean> {
    return true
  }

  async mountTmpfs(): Promise<void> {}
  async unmountBelow(): Promise<void> {}

  /** Before each change. */
  #own(): void {
    if (this.#isShared) this.#root = copyOf(this.#root)
    this.#isShared = false
  }

  /** The folder at the path, made when it is missing. */
  #makeFolder(path: string): Folder {
    this.#own()
    let folder = this.#root
    for (const name of partsOf(this.#resolve(path) ?? path)) {
      let next = folder.get(name)
      if (next === undefined) folder.set(name, (next = new Map()))
      if (!(next instanceof Map)) throw failure('EEXIST', `file already exists, mkdir '${path}'`)
      folder = next
    }
    return folder
  }

  /** The folder that the path's last part is in. Links in the parts before are followed. */
  #place(path: string): { folder: Folder | undefined; name: string } {
    const folder = this.#item(posix.dirname(path))
    return { folder: folder instanceof Map ? folder : undefined, name: posix.basename(path) }
  }

  /** What the path leads to, all links followed. */
  #item(path: string): Folder | Buffer | undefined {
    const real = this.#resolve(path)
    const item = real === undefined ? undefined : this.#at(real)
    return isLink(item) ? undefined : item
  }

  #at(realPath: string): Item | undefined {
    let item: Item | undefined = this.#root
    for (const name of partsOf(realPath)) {
      if (!(item instanceof Map)) return undefined
      item = item.get(name)
    }
    return item
  }

  /** The path without links; its last part need not exist. Undefined when links go in circles. */
  #resolve(path: string): string | undefined {
    let waiting = partsOf(path)
    const done: string[] = []
    let folder: Item | undefined = this.#root
    for (let links = 0; waiting.length > 0; ) {
      const [name, ...rest] = waiting as [string, ...string[]]
      const item: Item | undefined = folder instanceof Map ? folder.get(name) : undefined
      if (!isLink(item)) {
        done.push(name)
        folder = item
        waiting = rest
        continue
      }
      if (++links > linksMax) return undefined
      waiting = [...partsOf(posix.resolve(`/${done.join('/')}`, item.link)), ...rest]
      done.length = 0
      folder = this.#root
    }
    return `/${done.join('/')}`
  }
}

/** What is in files is replaced, never changed. */
function copyOf(folder: Folder): Folder {
  return new Map([...folder].map(([name, item]) => [name, item instanceof Map ? copyOf(item) : item]))
}

function partsOf(path: string): string[] {
  return path.split('/').filter(part => part !== '')
}

function isLink(item: Item | undefined): item is { link: string } {
  return item !== undefined && 'link' in item
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}

function missing(call: string, path: string): Error {
  return failure('ENOENT', `no such file or directory, ${call} '${path}'`)
}

function sizeOf(item: Item): number {
  if (Buffer.isBuffer(item)) return item.length
  if (!(item instanceof Map)) return 0
  let bytes = 0
  for (const inner of item.values()) bytes += sizeOf(inner)
  return bytes
}
