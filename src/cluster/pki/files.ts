import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

/** Where keys and certificates are kept. */
export interface PKIFiles {
  /** Undefined when there is no such file. */
  read(name: string): Promise<string | undefined>
  /** Whole or not at all, also when the machine stops in the middle. */
  write(name: string, content: string): Promise<void>
  /** Resolves when what was written survives a crash of the machine. */
  sync(): Promise<void>
}

/** Nothing on disk: for clusters that live as long as their process. */
export class MemoryPKIFiles implements PKIFiles {
  readonly #contents = new Map<string, string>()

  async read(name: string): Promise<string | undefined> {
    return this.#contents.get(name)
  }

  async write(name: string, content: string): Promise<void> {
    this.#contents.set(name, content)
  }

  async sync(): Promise<void> {}
}

/** A folder only its owner can read. */
export class FolderPKIFiles implements PKIFiles {
  readonly #folder: string
  #dirty = false

  constructor(folder: string) {
    this.#folder = folder
  }

  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#folder, name), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  async write(name: string, content: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeFileAtomically(join(this.#folder, name), content, isPublic(name) ? 0o644 : 0o600)
    this.#dirty = true
  }

  async sync(): Promise<void> {
    if (!this.#dirty) return
    const folder = await open(this.#folder, 'r')
    try {
      await folder.sync()
      this.#dirty = false
    } finally {
      await folder.close()
    }
  }
}

function isPublic(name: string): boolean {
  return name.endsWith('.crt') || name.endsWith('.pub')
}

/** Readers see the old content or the new one, never a part; the bytes are on disk before the name points to them. */
async function writeFileAtomically(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  const file = await open(temporary, 'wx', mode)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}
