import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { findProgram, ProcessError, run } from '#base/process.ts'

/** A Debian package, and how to see that what it brings is there, whoever brought it. */
export interface NeededPackage {
  name: string
  /** Programs, one of which must be found, or files, one of which must exist (with a slash). */
  brings: string[]
}

/** What a node with real pods needs beside Node.js. */
export const neededPackages: readonly NeededPackage[] = [
  { name: 'containerd', brings: ['containerd'] },
  { name: 'runc', brings: ['runc'] },
  { name: 'containernetworking-plugins', brings: ['/usr/lib/cni/bridge', '/opt/cni/bin/bridge'] },
  { name: 'nftables', brings: ['nft'] },
  { name: 'iptables', brings: ['iptables'] },
  { name: 'iproute2', brings: ['ip'] },
  { name: 'mount', brings: ['umount'] },
]

/** The names of the packages whose programs this machine lacks. `isThere` looks at the machine. */
export function missingPackages(isThere: (what: string) => boolean = isOnMachine, needed = neededPackages): string[] {
  return needed.filter(({ brings }) => !brings.some(isThere)).map(({ name }) => name)
}

function isOnMachine(what: string): boolean {
  return what.includes('/') ? existsSync(what) : findProgram(what) !== undefined
}

/**
 * Installs packages with apt, without questions. Services that packages bring along are not started where policy-rc.d forbids it.
 * @throws one error that names the packages, what apt said, and what to do
 */
export async function installPackages(names: readonly string[], signal: AbortSignal): Promise<void> {
  if (names.length === 0) return
  const list = names.join(' ')
  if (findProgram('apt-get') === undefined)
    throw new Error(`cannot install ${list}: this machine has no apt-get; install what these Debian packages bring and try again`)
  if (process.getuid?.() !== 0)
    throw new Error(`cannot install ${list}: only root can; run "apt-get install ${list}" as root and try again`)
  const install = () =>
    run('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-y', '--no-install-recommends', 'install', ...names], { signal, env: quietly })
  try {
    if (!(await hasPackageLists())) await update(signal)
    await install().catch(async error => {
      if (!(error instanceof ProcessError)) throw error
      // The lists may be older than the mirror.
      await update(signal)
      await install()
    })
  } catch (cause) {
    signal.throwIfAborted()
    throw new Error(`cannot install ${list}: ${lastLine(cause)}; run "apt-get update && apt-get install ${list}" to see more`, { cause })
  }
}

/** apt's and dpkg's environment: the folders of programs, and nobody to answer questions. */
const quietly = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  DEBIAN_FRONTEND: 'noninteractive',
  LC_ALL: 'C.UTF-8',
}

async function update(signal: AbortSignal): Promise<void> {
  await run('apt-get', ['-qq', 'update'], { signal, env: quietly })
}

async function hasPackageLists(): Promise<boolean> {
  return (await readdir('/var/lib/apt/lists').catch(() => [])).some(name => name.includes('_Packages'))
}

function lastLine(error: unknown): string {
  const text = error instanceof ProcessError && error.stderr !== '' ? error.stderr : error instanceof Error ? error.message : String(error)
  return text.trim().split('\n').at(-1)!
}
