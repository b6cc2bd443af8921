import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run, runBytes } from '#base/process.ts'

/** One package as `apt-get download` names it. */
export interface DebianPackage {
  name: string
  version: string
  /** Name of its archive. */
  file: string
}

export interface DebianSource {
  /** Where lists and archives are kept; nothing else on the machine changes. */
  folder: string
  /** A suite of Debian's archive; the machine's own sources when missing. */
  suite?: string
}

/** What `apt-get --print-uris install` lists: quoted address, name of the archive, size, checksum. */
export function parseArchives(output: string): DebianPackage[] {
  return output.split('\n').flatMap(line => {
    const file = /^'[^']+' (\S+\.deb) \d+/.exec(line)?.[1]
    if (file === undefined) return []
    const [name, version] = file.split('_')
    return [{ name: name!, version: decodeURIComponent(version!), file }]
  })
}

/** Packages with everything they depend on, out of a Debian archive, without installing anything. */
export class DebianArchive {
  readonly #folder: string
  readonly #suite: string | undefined
  #options: Promise<string[]> | undefined

  constructor({ folder, suite }: DebianSource) {
    this.#folder = folder
    this.#suite = suite
  }

  /** The packages and what they depend on, but for those whose name is excluded. */
  async closure(names: readonly string[], excluded: RegExp, signal: AbortSignal): Promise<DebianPackage[]> {
    const output = await this.#apt(['--print-uris', '--no-install-recommends', '-y', 'install', ...names], signal)
    return parseArchives(output).filter(({ name }) => !excluded.test(name))
  }

  /** Makes sure that the archives of the packages lie in the folder; resolves with their paths. */
  async download(packages: readonly DebianPackage[], signal: AbortSignal): Promise<string[]> {
    const archives = join(this.#folder, 'archives')
    await mkdir(archives, { recursive: true })
    const there = new Set(await readdir(archives))
    const missing = packages.filter(({ file }) => !there.has(file))
    if (missing.length > 0) await this.#apt(['download', ...missing.map(({ name, version }) => `${name}=${version}`)], signal, archives)
    return packages.map(({ file }) => join(archives, file))
  }

  async #apt(args: string[], signal: AbortSignal, folder?: string): Promise<string> {
    this.#options ??= this.#prepare(signal)
    return run('apt-get', [...(await this.#options), ...args], { signal, ...(folder !== undefined && { folder }) })
  }

  /** Options that make apt see a machine on which nothing is installed, and lists that exist. */
  async #prepare(signal: AbortSignal): Promise<string[]> {
    const status = join(this.#folder, 'status')
    const lists = join(this.#folder, 'lists')
    await mkdir(join(lists, 'partial'), { recursive: true })
    await writeFile(status, '')
    const options = [`Dir::State::status=${status}`, 'Debug::NoLocking=true', 'APT::Sandbox::User=root', 'Acquire::Languages=none']
    if (this.#suite !== undefined) {
      const source = join(this.#folder, 'sources.list')
      await writeFile(
        source,
        `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${await mirrorOf(signal)} ${this.#suite} main\n`,
      )
      options.push(`Dir::Etc::SourceList=${source}`, 'Dir::Etc::SourceParts=-')
    }
    const own = [...options, `Dir::State::Lists=${lists}`].flatMap(option => ['-o', option])
    // The machine's own lists serve as they are, when somebody has fetched them.
    if (this.#suite === undefined && (await hasLists('/var/lib/apt/lists'))) return options.flatMap(option => ['-o', option])
    await run('apt-get', [...own, '-qq', 'update'], { signal })
    return own
  }
}

/** The archive's contents as a tar stream. */
export function packageTar(path: string, signal: AbortSignal): Promise<Buffer> {
  return runBytes('dpkg-deb', ['--fsys-tarfile', path], { signal })
}

async function hasLists(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).some(name => name.includes('_Packages'))
}

/** The Debian mirror that this machine is set up to use. */
async function mirrorOf(signal: AbortSignal): Promise<string> {
  const sources = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { signal })
  return sources.split('\n').find(line => /\/debian\/?$/.test(line)) ?? 'http://deb.debian.org/debian'
}
