/** Generates src/cluster/sandbox-image/pause.gen.ts: the machine code of the assembly sources beside it. Needs binutils for both machines. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'src/cluster/sandbox-image')
const machines = {
  x64: { source: 'pause.x86-64.s', prefix: 'x86_64-linux-gnu' },
  arm64: { source: 'pause.arm64.s', prefix: 'aarch64-linux-gnu' },
}

/** The folder with binutils for a machine: the installed one, or a private copy of the suite that this machine runs. */
function binutils(prefix: string): string {
  if (existsSync(`/usr/bin/${prefix}-as`)) return '/'
  const kept = join(root, '.cache/debian/unpacked', `binutils-${prefix}`)
  if (existsSync(kept)) return kept
  const downloads = mkdtempSync(join(tmpdir(), 'coxswain-binutils-'))
  execFileSync('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', `binutils-${prefix}`], { cwd: downloads, stdio: 'ignore' })
  mkdirSync(kept, { recursive: true })
  for (const archive of readdirSync(downloads)) execFileSync('dpkg', ['-x', join(downloads, archive), kept])
  rmSync(downloads, { recursive: true })
  return kept
}

function assemble({ source, prefix }: { source: string; prefix: string }): Buffer {
  const base = binutils(prefix)
  const libraries = { ...process.env, LD_LIBRARY_PATH: join(base, 'usr/lib/x86_64-linux-gnu') }
  const work = mkdtempSync(join(tmpdir(), 'coxswain-pause-'))
  try {
    execFileSync(join(base, `usr/bin/${prefix}-as`), ['-o', join(work, 'pause.o'), join(folder, source)], { env: libraries })
    execFileSync(join(base, `usr/bin/${prefix}-objcopy`), ['-O', 'binary', '-j', '.text', join(work, 'pause.o'), join(work, 'pause.bin')], {
      env: libraries,
    })
    return readFileSync(join(work, 'pause.bin'))
  } finally {
    rmSync(work, { recursive: true })
  }
}

const entries = Object.entries(machines).map(([machine, source]) => `  ${machine}: '${assemble(source).toString('hex')}',\n`)
writeFileSync(
  join(folder, 'pause.gen.ts'),
  `// Generated from the assembly sources in this folder by "npm run generate" (hack/generate/pause.ts). Do not edit.\n
/** Machine code in hexadecimal; execution begins at its first byte. */
export const pauseCode = {\n${entries.join('')}} as const\n`,
)
