import { posix } from 'node:path'
import type { FileType, HostFiles } from './host-files.ts'

type Folder = Map<string, Item>
type Item = Folder | Buffer | { link: string }

/** Where a path leads. */
interface Place {
  /** Names from the root on, none of them a link, but for the last one if that was not to be followed. */
  names: string[]
  /** What the last name is in, or would be. */
  folder: Folder | undefined
  item: Item | undefined
}

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
    const place = this.#find(path) ?? this.#placeOf(path)
    if (place?.folder === undefined) throw missing('open', path)
    if (place.item instanceof Map) throw failure('EISDIR', `illegal operation on a directory, open '${path}'`)
    place.folder.set(place.names.at(-1)!, Buffer.from(content as Uint8Array))
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
    const place = this.#find(path)
    return place?.item === undefined ? undefined : `/${place.names.join('/')}`
  }

  async list(path: string): Promise<string[]> {
    const item = this.#item(path)
    return item instanceof Map ? [...item.keys()] : []
  }

  async readLink(path: string): Promise<string | undefined> {
    const item = this.#placeOf(path)?.item
    return isLink(item) ? item.link : undefined
  }

  async symlink(target: string, path: string): Promise<void> {
    this.#own()
    const place = this.#placeOf(path)
    if (place?.folder === undefined) throw missing('symlink', path)
    if (place.item !== undefined) throw failure('EEXIST', `file already exists, symlink '${target}' -> '${path}'`)
    place.folder.set(place.names.at(-1)!, { link: target })
  }

  async rename(from: string, to: string): Promise<void> {
    this.#own()
    const source = this.#placeOf(from)
    const target = this.#placeOf(to)
    if (source?.folder === undefined || source.item === undefined || target?.folder === undefined) throw missing('rename', from)
    source.folder.delete(source.names.at(-1)!)
    target.folder.set(target.names.at(-1)!, source.item)
  }

  async usedBytes(path: string): Promise<number> {
    const item = this.#item(path)
    return item === undefined ? 0 : sizeOf(item)
  }

  async remove(path: string): Promise<void> {
    this.#own()
    const place = this.#placeOf(path)
    place?.folder?.delete(place.names.at(-1)!)
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

  /** Makes what is missing of the folders of a path. */
  #makeFolder(path: string): void {
    const place = this.#find(path)
    if (place?.item instanceof Map) return
    this.#own()
    let folder = this.#root
    for (const name of place?.names ?? namesOf(path)) {
      let next = folder.get(name)
      if (next === undefined) folder.set(name, (next = new Map()))
      if (!(next instanceof Map)) throw failure('EEXIST', `file already exists, mkdir '${path}'`)
      folder = next
    }
  }

  /** What the path leads to, all links followed. */
  #item(path: string): Item | undefined {
    return this.#find(path)?.item
  }

  /** The place of the path's last name itself: only links in what is before it are followed. */
  #placeOf(path: string): Place | undefined {
    return this.#find(path, { followLast: false })
  }

  /** Names need not exist, from the first missing one on. @returns undefined when links go in circles */
  #find(path: string, { followLast } = { followLast: true }): Place | undefined {
    let names = namesOf(path)
    let folder: Folder | undefined
    let item: Item | undefined = this.#root
    let links = 0
    for (let index = 0; index < names.length; index++) {
      folder = item instanceof Map ? item : undefined
      item = folder?.get(names[index]!)
      if (!isLink(item) || (!followLast && index === names.length - 1)) continue
      if (++links > linksMax) return undefined
      // From the beginning again, without this link.
      const target = posix.resolve(`/${names.slice(0, index).join('/')}`, item.link)
      names = [...namesOf(target), ...names.slice(index + 1)]
      index = -1
      item = this.#root
    }
    return { names, folder, item }
  }
}

/** What is in files is replaced, never changed. */
function copyOf(folder: Folder): Folder {
  return new Map([...folder].map(([name, item]) => [name, item instanceof Map ? copyOf(item) : item]))
}

function namesOf(path: string): string[] {
  const [, ...names] = path.split('/')
  return names.includes('') ? names.filter(name => name !== '') : names
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
