import { dirname } from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { HostFiles } from '../host/host-files.ts'

/** A file of a volume: relative path → content. */
export type Payload = Map<string, PayloadFile>

export interface PayloadFile {
  content: Uint8Array | string
  mode: number
  /** Owner of the file; root when left out. */
  uid?: number | undefined
}

const dataLink = '..data'
const newDataLink = '..data_tmp'

export interface AtomicWriterOptions {
  files: HostFiles
  clock: Clock
  random: Random
  /** Group that the files are given to (Pod `fsGroup`). */
  gid?: number | undefined
}

/**
 * Writes the files of a volume so that a reader sees all of the old content or all of the new, never a mix. Layout as upstream's, since
 * programs in containers look for it: `..TIMESTAMP/` holds the files, `..data` points at it, each first part of a path points through `..data`.
 */
export class AtomicWriter {
  readonly #folder: string
  readonly #options: AtomicWriterOptions

  constructor(folder: string, options: AtomicWriterOptions) {
    this.#folder = folder
    this.#options = options
  }

  /** Makes the volume hold exactly the payload. @returns whether anything was different */
  async write(payload: Payload): Promise<boolean> {
    const { files, gid } = this.#options
    const present = new Set(await files.list(this.#folder))
    const old = present.has(dataLink) ? await files.readLink(`${this.#folder}/${dataLink}`) : undefined
    if (old !== undefined && (await this.#holds(`${this.#folder}/${old}`, payload))) return false
    const name = this.#timestampName()
    const folder = `${this.#folder}/${name}`
    await files.makeDirectory(folder, 0o755)
    await Promise.all([...payload].map(([path, file]) => this.#writeFile(folder, path, file)))
    if (gid !== undefined) await files.giveToGroup(folder, gid, { readOnly: true, onlyWhenRootDiffers: false })
    // Links to names that appear are made first: until `..data` moves on they lead nowhere, as before.
    await this.#addLinks(payload, present)
    if (present.has(newDataLink)) await files.remove(`${this.#folder}/${newDataLink}`)
    await files.symlink(name, `${this.#folder}/${newDataLink}`)
    await files.rename(`${this.#folder}/${newDataLink}`, `${this.#folder}/${dataLink}`)
    if (old !== undefined) await this.#removeStale(payload, name)
    return true
  }

  async #writeFile(folder: string, path: string, { content, mode, uid }: PayloadFile): Promise<void> {
    const { files } = this.#options
    const target = `${folder}/${path}`
    if (path.includes('/')) await files.makeDirectory(dirname(target), 0o755)
    await files.writeFile(target, content, { mode, ...(uid !== undefined && { uid }) })
  }

  async #holds(folder: string, payload: Payload): Promise<boolean> {
    const { files } = this.#options
    const present = await this.#filesIn(folder, '')
    if (present.length !== payload.size) return false
    for (const path of present) {
      const wanted = payload.get(path)
      const content = wanted === undefined ? undefined : await files.readFile(`${folder}/${path}`)
      if (content === undefined || wanted === undefined || !content.equals(bytesOf(wanted))) return false
    }
    return true
  }

  async #filesIn(folder: string, prefix: string): Promise<string[]> {
    const { files } = this.#options
    const paths: string[] = []
    for (const name of await files.list(`${folder}/${prefix}`)) {
      const path = prefix === '' ? name : `${prefix}/${name}`
      if ((await files.typeOf(`${folder}/${path}`)) === 'directory') paths.push(...(await this.#filesIn(folder, path)))
      else paths.push(path)
    }
    return paths
  }

  async #addLinks(payload: Payload, present: ReadonlySet<string>): Promise<void> {
    const { files } = this.#options
    const add = async (name: string) => {
      const link = `${this.#folder}/${name}`
      if (!present.has(name) || (await files.readLink(link)) === undefined) await files.symlink(`${dataLink}/${name}`, link)
    }
    await Promise.all([...firstParts(payload)].map(add))
  }

  async #removeStale(payload: Payload, current: string): Promise<void> {
    const { files } = this.#options
    const wanted = firstParts(payload)
    for (const name of await files.list(this.#folder)) {
      const stale = name.startsWith('..') ? name !== dataLink && name !== current : !wanted.has(name)
      if (stale) await files.remove(`${this.#folder}/${name}`)
    }
  }

  #timestampName(): string {
    const { clock, random } = this.#options
    const time = new Date(clock.now()).toISOString().slice(0, 19).replace(/[-T:]/g, '_')
    return `..${time}.${Math.floor(random.next() * 2 ** 32)}`
  }
}

function bytesOf({ content }: PayloadFile): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content
}

function firstParts(payload: Payload): Set<string> {
  const parts = new Set<string>()
  for (const path of payload.keys()) parts.add(path.includes('/') ? path.slice(0, path.indexOf('/')) : path)
  return parts
}
