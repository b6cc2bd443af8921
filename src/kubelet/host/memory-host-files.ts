import { posix } from 'node:path'
import { shared } from '#base/shared-text.ts'
import { SmallMap } from '#base/small-map.ts'
import type { FileType, HostFiles } from './host-files.ts'

type Folder = SmallMap<string, Item>
/** What is in files is replaced, never changed. Text is made bytes of when it is read: mostly somebody else holds it, too. */
type Content = string | Buffer
type Item = Folder | Content | { link: string }

/** Where a path leads. */
interface Place {
  /** None of its names is a link, but for the last one if that was not to be followed. */
  path: string
  /** What the last name is in, or would be. */
  folder: Folder | undefined
  /** The last one; '' for the root. */
  name: string
  item: Item | undefined
}

const linksMax = 40

/** A file system in memory, for a simulated node: folders, files and symbolic links. Owners and modes are not kept. */
export class MemoryHostFiles implements HostFiles {
  #root: Folder
  /** Another one has the same folders: they are copied before the first change. */
  #isShared = false
  /** The folder that was made, or in which something was found last: the next mostly is in it, too. No name of the path is a link. */
  #near: { path: string; folder: Folder } | undefined

  constructor(root: Folder = new SmallMap()) {
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
    if (place.item instanceof SmallMap) throw failure('EISDIR', `illegal operation on a directory, open '${path}'`)
    place.folder.set(shared(place.name), typeof content === 'string' ? content : Buffer.from(content))
  }

  async readFile(path: string): Promise<Buffer | undefined> {
    const item = this.#item(path)
    return isContent(item) ? bytesOf(item) : undefined
  }

  async readTail(path: string, bytesMax: number): Promise<Buffer | undefined> {
    const content = await this.readFile(path)
    return content?.subarray(Math.max(0, content.length - bytesMax))
  }

  async typeOf(path: string): Promise<FileType | undefined> {
    const item = this.#item(path)
    if (item === undefined) return undefined
    return item instanceof SmallMap ? 'directory' : 'file'
  }

  async realPath(path: string): Promise<string | undefined> {
    const place = this.#find(path)
    return place?.item === undefined ? undefined : `/${namesOf(place.path).join('/')}`
  }

  async list(path: string): Promise<string[]> {
    const item = this.#item(path)
    return item instanceof SmallMap ? [...item.keys()] : []
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
    place.folder.set(shared(place.name), { link: shared(target) })
  }

  async rename(from: string, to: string): Promise<void> {
    this.#own()
    const source = this.#placeOf(from)
    const target = this.#placeOf(to)
    if (source?.folder === undefined || source.item === undefined || target?.folder === undefined) throw missing('rename', from)
    source.folder.delete(source.name)
    target.folder.set(shared(target.name), source.item)
    if (source.item instanceof SmallMap || target.item instanceof SmallMap) this.#near = undefined
  }

  async usedBytes(path: string): Promise<number> {
    const item = this.#item(path)
    return item === undefined ? 0 : sizeOf(item)
  }

  async remove(path: string): Promise<void> {
    this.#own()
    const place = this.#placeOf(path)
    place?.folder?.delete(place.name)
    if (place?.item instanceof SmallMap) this.#near = undefined
  }

  async giveToGroup(): Promise<void> {}
  async changeOwner(): Promise<void> {}

  async isMountPoint(): Promise<boolean> {
    return true
  }

  async mountTmpfs(): Promise<void> {}
  async unmountBelow(): Promise<void> {}

  /** Before each change. @returns whether all folders are other ones now */
  #own(): boolean {
    if (!this.#isShared) return false
    this.#root = copyOf(this.#root)
    this.#isShared = false
    this.#near = undefined
    return true
  }

  /** Makes what is missing of the folders of a path. */
  #makeFolder(path: string): void {
    let place = this.#find(path)
    if (place?.item instanceof SmallMap) return
    if (this.#own()) place = this.#find(path)
    let folder = place?.folder ?? this.#root
    const names = place?.folder === undefined ? namesOf(place?.path ?? path) : [place.name]
    for (const name of names) {
      let next = folder.get(name)
      if (next === undefined) folder.set(shared(name), (next = new SmallMap()))
      if (!(next instanceof SmallMap)) throw failure('EEXIST', `file already exists, mkdir '${path}'`)
      folder = next
    }
    if (place !== undefined) this.#near = { path: place.path, folder }
  }

  /** What the path leads to, all links followed. */
  #item(path: string): Item | undefined {
    return this.#find(path)?.item
  }

  /** The place of the path's last name itself: only links in what is before it are followed. */
  #placeOf(path: string): Place | undefined {
    return this.#find(path, false)
  }

  /** Names need not exist, from the first missing one on. @returns undefined when links go in circles */
  #find(path: string, followsLast = true): Place | undefined {
    for (let links = 0, rest = path; links <= linksMax; links++) {
      const place = this.#beside(rest) ?? this.#walk(rest)
      const { item } = place
      if (!isLink(item) || (!followsLast && place.path === rest)) return place
      // From the beginning again, without this link.
      rest = posix.join(posix.resolve(posix.dirname(place.path), item.link), rest.slice(place.path.length))
    }
    return undefined
  }

  /** As `#walk`, when the path is one in the folder of last time. */
  #beside(path: string): Place | undefined {
    const near = this.#near
    if (near === undefined || path.lastIndexOf('/') !== near.path.length || !path.startsWith(near.path)) return undefined
    const name = path.slice(near.path.length + 1)
    return name === '' ? undefined : { path, folder: near.folder, name, item: near.folder.get(name) }
  }

  /** As far as there are no links. */
  #walk(path: string): Place {
    const place: Place = { path, folder: undefined, name: '', item: this.#root }
    for (let start = 1, end: number; start < path.length; start = end + 1) {
      end = path.indexOf('/', start)
      if (end < 0) end = path.length
      if (end === start) continue
      if (isLink(place.item)) {
        place.path = path.slice(0, start - 1)
        return place
      }
      place.name = path.slice(start, end)
      place.folder = place.item instanceof SmallMap ? place.item : undefined
      place.item = place.folder?.get(place.name)
      if (place.folder === undefined) return place
    }
    const { folder, name, item } = place
    if (item instanceof SmallMap) this.#near = { path, folder: item }
    else if (folder !== undefined && path.endsWith(`/${name}`)) this.#near = { path: path.slice(0, -name.length - 1), folder }
    return place
  }
}

function copyOf(folder: Folder): Folder {
  const copy: Folder = new SmallMap()
  for (const [name, item] of folder) copy.set(name, item instanceof SmallMap ? copyOf(item) : item)
  return copy
}

function namesOf(path: string): string[] {
  return path.split('/').filter(name => name !== '')
}

function isContent(item: Item | undefined): item is Content {
  return typeof item === 'string' || Buffer.isBuffer(item)
}

function isLink(item: Item | undefined): item is { link: string } {
  return typeof item === 'object' && 'link' in item
}

function bytesOf(content: Content): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : content
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}

function missing(call: string, path: string): Error {
  return failure('ENOENT', `no such file or directory, ${call} '${path}'`)
}

function sizeOf(item: Item): number {
  if (isContent(item)) return Buffer.byteLength(item)
  if (!(item instanceof SmallMap)) return 0
  let bytes = 0
  for (const inner of item.values()) bytes += sizeOf(inner)
  return bytes
}
