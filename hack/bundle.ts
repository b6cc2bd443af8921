/**
 * Bundles the program into `.cache/bundle`, plain JavaScript that starts in half the time and a third less memory than the sources; the
 * launcher calls it when a source is newer. `current` leads to the bundle to run; others on the machine may be running an older one.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type BuiltFile, bundle, root } from './esbuild.ts'

const folder = join(root, '.cache/bundle')
/** A process that starts from a bundle has loaded all of it long before. */
const keptMs = 3_600_000

async function bundleProgram(): Promise<BuiltFile[]> {
  // Names stay, and lines stay short enough to be found from a stack trace.
  return bundle({ cox: 'cmd/cox.ts' }, folder, { minifyWhitespace: true, minifySyntax: true, lineLimit: 160 })
}

/** What changes from `readAt` on is newer than the bundle. */
function writeBundle(name: string, files: readonly BuiltFile[], readAt: Date): void {
  const temporary = join(folder, `${process.pid}.new`)
  mkdirSync(temporary, { recursive: true })
  for (const file of files) writeFileSync(join(temporary, basename(file.path)), file.contents)
  writeFileSync(join(temporary, 'package.json'), '{ "type": "module" }\n')
  writeFileSync(join(temporary, 'sources-read'), '')
  try {
    renameSync(temporary, join(folder, name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
    rmSync(temporary, { recursive: true })
  }
  utimesSync(join(folder, name, 'sources-read'), readAt, readAt)
}

function makeCurrent(name: string): void {
  const link = join(folder, `${process.pid}.link`)
  symlinkSync(name, link)
  renameSync(link, join(folder, 'current'))
}

function removeOldBundles(current: string, now: Date): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (name === current || name === 'current' || now.getTime() - statSync(path).mtimeMs < keptMs) continue
    rmSync(path, { recursive: true, force: true })
  }
}

try {
  const startedAt = new Date()
  const files = await bundleProgram()
  const hash = createHash('sha256').update(files.map(file => file.hash).join())
  const name = hash.digest('hex').slice(0, 16)
  writeBundle(name, files, startedAt)
  makeCurrent(name)
  removeOldBundles(name, startedAt)
  // V8's code of older bundles; this one's comes with its first run.
  rmSync(join(root, '.cache/compile-cache'), { recursive: true, force: true })
} catch (error) {
  process.stderr.write(`cox: cannot bundle the program: ${(error as Error).message}\n`)
  process.exitCode = 1
}
