// Stock kubectl binaries for tests, taken from Debian's own packages: `node hack/kubectl.ts 1.36` prints the path of one.
import { execFile } from 'node:child_process'
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type KubectlVersion = '1.20' | '1.32' | '1.36'

/** One suite for each, so that the newest package of that name in the suite is the one we want. */
const packages: Record<KubectlVersion, { suite: string; name: string }> = {
  '1.20': { suite: 'bookworm', name: 'kubernetes-client' },
  '1.32': { suite: 'trixie', name: 'kubectl' },
  '1.36': { suite: 'sid', name: 'kubectl' },
}

const cacheFolder = join(import.meta.dirname, '..', '.cache', 'kubectl')

/** Path of a stock kubectl of this minor version; downloads it on first use. Throws when that is not possible. */
export async function ensureKubectl(version: KubectlVersion): Promise<string> {
  const folder = join(cacheFolder, version)
  const path = join(folder, 'kubectl')
  if (await exists(path)) return path
  await mkdir(folder, { recursive: true })
  const work = await mkdtemp(join(folder, 'download-'))
  try {
    await downloadKubectl(version, work)
    await rename(join(work, 'kubectl'), path)
    return path
  } catch (error) {
    const { suite, name } = packages[version]
    throw new Error(`cannot get kubectl ${version} (package ${name} of Debian ${suite}): ${lastLines(error)}`, { cause: error })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function downloadKubectl(version: KubectlVersion, work: string): Promise<void> {
  const { suite, name } = packages[version]
  await Promise.all(['lists/partial', 'cache/archives/partial', 'state', 'empty'].map(part => mkdir(join(work, part), { recursive: true })))
  await writeFile(join(work, 'sources.list'), `deb [signed-by=${debianKeyring}] ${await debianMirror()} ${suite} main\n`)
  await writeFile(join(work, 'status'), '')
  const options = [
    ['Dir::Etc::SourceList', join(work, 'sources.list')],
    ['Dir::Etc::SourceParts', join(work, 'empty')],
    ['Dir::Etc::Preferences', join(work, 'no-preferences')],
    ['Dir::Etc::PreferencesParts', join(work, 'empty')],
    ['Dir::State', join(work, 'state')],
    ['Dir::State::Lists', join(work, 'lists')],
    ['Dir::State::status', join(work, 'status')],
    ['Dir::Cache', join(work, 'cache')],
    ['APT::Sandbox::User', ''],
    ['Acquire::Languages', 'none'],
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`])
  await run('apt-get', [...options, '-qq', 'update'], { cwd: work })
  await run('apt-get', [...options, '-qq', 'download', name], { cwd: work })
  const archive = (await readdir(work)).find(file => file.endsWith('.deb'))
  if (archive === undefined) throw new Error('apt-get downloaded no package')
  await run('dpkg', ['-x', archive, 'tree'], { cwd: work })
  await copyFile(join(work, 'tree/usr/bin/kubectl'), join(work, 'kubectl'))
  const answer = JSON.parse((await run(join(work, 'kubectl'), ['version', '--client', '-o', 'json'])).stdout)
  const got = `${answer.clientVersion.major}.${Number.parseInt(answer.clientVersion.minor, 10)}`
  if (got !== version) throw new Error(`Debian ${suite} now has kubectl ${got}`)
}

const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** The mirror this machine already uses for Debian itself. */
async function debianMirror(): Promise<string> {
  const sources = await readFile('/etc/apt/sources.list.d/debian.sources', 'utf8').catch(() => '')
  const list = await readFile('/etc/apt/sources.list', 'utf8').catch(() => '')
  const mirror = /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(sources)?.[1] ?? /^deb\s+(?:\[.*?\]\s+)?(\S+\/debian)\/?\s/m.exec(list)?.[1]
  if (mirror === undefined) throw new Error('no Debian mirror is named in /etc/apt; add one and try again')
  return mirror
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function lastLines(error: unknown): string {
  const text = (error as { stderr?: string }).stderr || (error as Error).message
  return text.trim().split('\n').slice(-3).join('; ')
}

if (import.meta.main) console.log(await ensureKubectl((process.argv[2] ?? '1.36') as KubectlVersion))
