import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const cache = join(import.meta.dirname, '../../.cache/debian')

/**
 * Unpacks a package of Debian's unstable suite into the cache folder and returns the folder; nothing is installed on the machine.
 * @throws when the package cannot be downloaded
 */
export function unpackDebianPackage(name: string): string {
  const folder = join(cache, 'unpacked', name)
  if (existsSync(folder)) return folder
  mkdirSync(join(cache, 'lists/partial'), { recursive: true })
  mkdirSync(join(cache, 'unpacked'), { recursive: true })
  const sources = join(cache, 'sources.list')
  const mirror = execFileSync(
    'sh',
    ['-c', "grep -rshoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d | head -1"],
    { encoding: 'utf8' },
  ).trim()
  writeFileSync(sources, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} sid main\n`)
  const options = [
    '-o',
    `Dir::Etc::SourceList=${sources}`,
    '-o',
    'Dir::Etc::SourceParts=-',
    '-o',
    `Dir::State::Lists=${join(cache, 'lists')}`,
    '-o',
    'APT::Sandbox::User=root',
  ]
  if (readdirSync(join(cache, 'lists')).length <= 2) execFileSync('apt-get', [...options, 'update'], { stdio: 'ignore' })
  execFileSync('apt-get', [...options, 'download', name], { cwd: cache, stdio: 'ignore' })
  const archive = readdirSync(cache).find(file => file.startsWith(`${name}_`))
  if (archive === undefined) throw new Error(`package "${name}" was not downloaded; is a Debian mirror reachable?`)
  execFileSync('dpkg', ['-x', join(cache, archive), `${folder}.partial`])
  execFileSync('mv', [`${folder}.partial`, folder])
  rmSync(join(cache, archive))
  return folder
}
